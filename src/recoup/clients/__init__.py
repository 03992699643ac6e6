"""recoup under the clients that people already have: one module for each, one call in each.

No client is imported before that call.
"""
