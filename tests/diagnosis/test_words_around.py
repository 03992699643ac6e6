"""What somebody tells around a whole HTTP message is heard; what the message itself holds is no prose."""

from __future__ import annotations

import pytest

from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.pasted import read_with_words

DENIED = '{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
MESSAGE = (
    "GET /orders/v0/orders?MarketplaceIds=A1PA6795UKMFR9&CreatedAfter=2026-01-01T00:00:00Z HTTP/1.1\n"
    "Host: sellingpartnerapi-eu.amazon.com\nx-amz-access-token: Atza|abc\n\n"
    "HTTP/1.1 403 Forbidden\nContent-Type: application/json\nx-amzn-RequestId: R-1\n\n" + DENIED
)
AGES_AGO = "The worker keeps one access token in memory for the whole day, and it all fails after an hour."
NO_ROLE = "All other operations work with the very same token, and we added the role yesterday without a new consent."


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (f"{AGES_AGO}\n\n{MESSAGE}", "403-expired-token"),
        (f"{MESSAGE}\n\n{AGES_AGO}", "403-expired-token"),
        (f"{NO_ROLE}\n\n{MESSAGE}", "403-missing-role"),
        (MESSAGE, "403-missing-role"),
    ],
)
def test_the_words_around_a_message_are_heard(text: str, first: str) -> None:
    found = diagnose(text)
    assert (found.id, found.request_id, found.http_status) == (first, "R-1", 403)
    assert found.operation is not None


def test_what_is_told_breaks_the_tie() -> None:
    assert diagnose(MESSAGE).tied
    assert not diagnose(f"{MESSAGE}\n\n{NO_ROLE}").tied


def test_a_text_that_decides_is_not_outweighed_by_chatter() -> None:
    decided = MESSAGE.replace('"details":""', '"details":"The access token you provided has expired."')
    assert diagnose(f"Can anybody help me with this one, please?\n\n{decided}").id == "403-expired-token"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MESSAGE, None),
        (f"{MESSAGE}\n\nit worked until last week", "it worked until last week"),
        (f"it worked until last week\n{MESSAGE}", "it worked until last week"),
        (f"es ging bis gestern für alle\n{MESSAGE}", "es ging bis gestern für alle"),
        (f"{MESSAGE}\n\nThanks!", None),
        ("* Connected to the host as before\n" + MESSAGE, None),
        ("curl -H 'a: b' https://h.example/that is all\n" + MESSAGE, None),
        ("HTTP/1.1 400 Bad Request\n\n<html><body>this is no word of theirs</body></html>", None),
        ("HTTP/1.1 400 Bad Request\n\n<html></html>\nthis is what they say", "this is what they say"),
        ("HTTP/1.1 400 Bad Request\n\nthis is the body itself", None),
        ('HTTP/1.1 400 Bad Request\n\n{"cut": "before it ends of its own', None),
        ("no message at all, but words only", None),
    ],
)
def test_what_is_prose_around_a_message(text: str, words: str | None) -> None:
    assert read_with_words(text)[1] == words
    assert read_with_words(text.encode())[1] == words
