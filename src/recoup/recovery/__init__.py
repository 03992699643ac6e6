"""What to do now: history, policy, backoff, retry quota, decision and call, all of them pure."""
