"""What the how-tos show passes a type checker where it uses what recoup gives: nothing is None unawares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doc_pages import DOCS, blocks
from mypy import api

PAGES = sorted(
    f"how-to/{page.name}"
    for page in (DOCS / "how-to").glob("*.md")
    if page.stem.startswith(("handle-", "share-", "put-recoup-under-"))
)
# What a page leaves to the reader, such as the names of credentials, is no matter here.
_WRONG = re.compile(r"\[(?:union-attr|attr-defined|call-arg|arg-type)\]")


@pytest.mark.long  # a type checker takes its seconds
def test_nothing_that_may_be_none_is_used_as_if_it_was_there(tmp_path: Path) -> None:
    for page in PAGES:
        name = Path(page).stem.replace("-", "_")
        (tmp_path / f"{name}.py").write_text("\n\n".join(blocks(page, "python")), encoding="utf-8")
    said, failed, _ = api.run(
        ["--config-file", "", "--check-untyped-defs", "--ignore-missing-imports", "--no-incremental", str(tmp_path)]
    )
    assert not failed
    assert [line for line in said.splitlines() if _WRONG.search(line)] == []
