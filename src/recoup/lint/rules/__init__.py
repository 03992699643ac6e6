"""The rules about requests to the Selling Partner API, one a file, in the order of `RULES`."""

from __future__ import annotations

from recoup.lint.rule import Rule
from recoup.lint.rules import access_token_header, marketplace_of_another_region, removed_operation, unknown_operation

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    access_token_header,
    marketplace_of_another_region,
    unknown_operation,
    removed_operation,
)
