"""What is wrong with these credentials: checks that a person could make by hand, the cheapest first. Nothing is
written.

Every check says what it will send before anything is sent, sends only token requests and reads, and sends each of them
once: no retries, so that a passing fault is seen as what it is.
"""
