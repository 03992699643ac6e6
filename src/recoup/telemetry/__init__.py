"""What happened, as values: for logs, for OpenTelemetry, for whoever listens. No event ever holds a secret or a
body.
"""
