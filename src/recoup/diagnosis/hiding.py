"""Where a success can hide a failure, and a quick look whether it does.

The look decodes only what proves that nothing failed: each item's own status and its lists of errors, as types that
admit success alone. Whatever does not fit these types (another status, an error in a list, another form of body) is
left to the full reading, so that nothing is ever missed for being unusual. The types stand in `shapes.clean`.
"""

from __future__ import annotations

import msgspec

__all__ = ["may_hide_failure", "surely_nothing_hidden"]

_WRITES = frozenset({"PUT", "PATCH", "POST"})
_PACKAGES_IN_BULK = "/easyShip/2022-03-23/packages/bulk"  # lists the orders that it rejected


def may_hide_failure(status: int, method: str | None, path: str | None) -> bool:
    """Whether a response of this status to this request can be a failure all the same, so that its body must be read.

    True for 207, for labels (one status a package), for writes to listings (accepted, with issues), for batches and
    bulks, for reads of what came of an operation or a transaction, and where a consent page leads back (perhaps with a
    refusal). `path` is as sent. Costs a tenth of a microsecond.
    """
    if status == 207:
        return True
    if path is None:
        return False
    if status != 200:
        return status in (302, 303) and path.startswith("/apps/authorize/")
    if method == "GET":
        return "/operations/" in path or "/transactions/" in path
    if method not in _WRITES:
        return False
    return "/shipLabel" in path or path.startswith(("/listings/", "/batches/", "/products/", _PACKAGES_IN_BULK))


def surely_nothing_hidden(status: int, path: str | None, body: bytes) -> bool:
    """True where it is proved that no item of `body` failed; False where it must be read whole to know."""
    if not body:
        return True
    from recoup.diagnosis.shapes.clean import clean_batch, clean_labels  # late: decoders are made, and most need none

    try:
        if path is not None and "/shipLabel" in path:
            clean_labels(body)
            return True
        if status == 207 or (path is not None and "/batches/" in path):
            return bool(clean_batch(body).responses)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False
    return False
