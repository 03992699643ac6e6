"""An Amazon that fails for real reasons, on a local port."""
