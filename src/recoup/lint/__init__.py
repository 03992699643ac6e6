"""What is wrong with a request, seen in its bytes: one rule a file, each naming the exact span and how to mend it."""
