"""What a trace comes to, for people: one account of it, told on a terminal, as Markdown, as a page, and as data."""
