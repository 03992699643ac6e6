"""Many exchanges from outside: readers of what other programs wrote down, and what they add up to."""
