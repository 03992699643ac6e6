"""Fixtures of the general operations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mailbox_server import Mailbox


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """An endpoint that keeps what arrives."""
    box = Mailbox()
    yield box
    box.close()
