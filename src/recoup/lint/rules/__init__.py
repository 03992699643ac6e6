"""The rules about requests to the Selling Partner API, one a file, in the order of `RULES`."""

from __future__ import annotations

from recoup.lint.rule import Rule
from recoup.lint.rules import (
    accept,
    access_token_header,
    another_host,
    aws_signature,
    body_in_get,
    clock,
    content_type,
    cut_by_the_shell,
    encoded_twice,
    header_of_an_answer,
    marketplace_of_another_region,
    not_encoded,
    removed_operation,
    repeated_header,
    token_damaged,
    token_of_another_kind,
    unfilled_value,
    unknown_operation,
    user_agent,
)

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = (
    access_token_header,
    token_of_another_kind,
    token_damaged,
    another_host,
    marketplace_of_another_region,
    unknown_operation,
    removed_operation,
    encoded_twice,
    not_encoded,
    body_in_get,
    content_type,
    user_agent,
    clock,
    accept,
    repeated_header,
    header_of_an_answer,
    aws_signature,
    cut_by_the_shell,
    unfilled_value,
)
