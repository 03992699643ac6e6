"""One small file for each family of response bodies: from a value as it was read to claims about what failed."""
