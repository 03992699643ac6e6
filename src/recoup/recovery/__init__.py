"""What to do now: history, policy, backoff, retry quota, decision and call, all of them pure.

`advice` joins a diagnosis with the decision for a first attempt; `call` carries one logical request through all of its
attempts; `policy` holds the numbers and the table. Time and randomness are handed in.
"""
