"""For all tests: Hypothesis without deadlines (a timing is no test), as many examples as the run asks for; stores."""

from __future__ import annotations

from hypothesis import settings

from properties import examples

pytest_plugins = ["storage_fixtures"]

settings.register_profile("recoup", max_examples=examples(100), deadline=None)
settings.load_profile("recoup")
