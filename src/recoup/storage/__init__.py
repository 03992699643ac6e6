"""What must last: one SQL schema with versions and migrations, in a SQLite file or in PostgreSQL, and the same in
memory.
"""
