"""How fast: usage plans, token buckets as values, what the answers taught about them, and what is held back until
when.
"""
