"""Who am I: credentials, tokens of Login with Amazon and their life, and the requests that fetch them, as values."""
