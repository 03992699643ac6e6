"""Where a success can hide a failure, and a quick look whether it does.

The look counts bytes and decodes nothing. It says "nothing failed" only where the counts prove it; anything unusual
(other spacing than Amazon's, escapes in keys, statuses as text) is left to the full reading.
"""

from __future__ import annotations

__all__ = ["may_hide_failure", "surely_nothing_hidden"]

_WRITES = frozenset({"PUT", "PATCH", "POST"})


def may_hide_failure(status: int, method: str | None, path: str | None) -> bool:
    """Whether a response of this status to this request can be a failure all the same, so that its body must be read.

    True for 207, for labels (one status a package), for writes to listings (accepted, with issues), for batches, and
    for reads of what came of an operation or a transaction. `path` is as sent. About 0.3 µs.
    """
    if status == 207:
        return True
    if status != 200 or path is None:
        return False
    if method == "GET":
        return "/operations/" in path or "/transactions/" in path
    if method not in _WRITES:
        return False
    return "/shipLabel" in path or path.startswith(("/listings/", "/batches/", "/products/"))


def surely_nothing_hidden(status: int, path: str | None, body: bytes) -> bool:
    """True where counting proves that no item of `body` failed; False where it must be read to know."""
    if not body:
        return True
    if b"\\u" in body:
        return False  # keys can be spelt with escapes
    if path is not None and "/shipLabel" in path:
        return _labels(body)
    if status == 207 or b'"responses"' in body:
        return _batch(body)
    return False


def _batch(body: bytes) -> bool:
    count = body.count
    statuses = count(b'"statusCode"')
    if not statuses or count(b'"statusCode":20') + count(b'"statusCode": 20') != statuses:
        return False
    if count(b'rrors"') != count(b'rrors":[]') + count(b'rrors": []') + count(b'rrors":null') + count(b'rrors": null'):
        return False  # "errors", "actionableErrors", "sellerActionableErrors" with something in them
    return b"tatuscode" not in body and b"status_code" not in body


def _labels(body: bytes) -> bool:
    count = body.count
    statuses = count(b'"status"')
    if not statuses or count(b'"status":"SUCCESS"') + count(b'"status": "SUCCESS"') != statuses:
        return False
    return count(b'"packageId"') <= statuses and b'"isErrored"' not in body
