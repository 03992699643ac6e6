"""`python -m recoup`: the command, also where its script is not on the path."""

from __future__ import annotations

from recoup.cli import entry

if __name__ == "__main__":
    entry()
