"""Who am I: tokens of Login with Amazon and their life, as values."""
