"""What `recoup diagnose` does with a paste and with many exchanges, and how it shows what it finds."""
