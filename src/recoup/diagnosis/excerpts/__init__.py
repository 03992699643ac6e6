"""What texts show of a call: its status, its header fields, its request, in the forms in which programs and people
write them: exceptions of HTTP clients and SDKs, dumps of objects, excerpts of code, log lines, curl.
"""
