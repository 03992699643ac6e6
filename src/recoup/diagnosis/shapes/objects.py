"""Error objects: a list, one bare object, External Fulfillment's older form, Login with Amazon's, the gateway's.

Any nesting is walked, also through texts that hold JSON themselves, since integrators and client libraries wrap what
Amazon sent. The innermost object speaks; what wraps it repeats it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from recoup.catalogue.fault import BodyKind
from recoup.diagnosis.codes import LOGIN_ERRORS
from recoup.diagnosis.diagnosis import Item
from recoup.diagnosis.literals import parse_json, read_literal
from recoup.diagnosis.shapes.claim import Claim, as_status, as_text, field, fields, first, make_claim

__all__ = ["error_claims", "unwrapped"]

MAX_NODES = 4000
MAX_CLAIMS = 50


def error_claims(value: Any, *, item: Item | None = None, status: int | None = None) -> list[Claim]:
    """Every error object in `value`, in the order in which they stand, repeats left out."""
    claims: list[Claim] = []
    seen: set[tuple[str | None, str | None, str | None]] = set()
    queue: deque[tuple[Any, BodyKind | None]] = deque([(value, None)])
    nodes = 0
    while queue and nodes < MAX_NODES and len(claims) < MAX_CLAIMS:
        nodes += 1
        node, inside = queue.popleft()
        if isinstance(node, str):
            inner = parse_json(node)[1] if node[:1] == '"' else unwrapped(node)
            if inner is not None:
                queue.append((inner, inside))
        elif isinstance(node, dict):
            plain = fields(node)
            claim = None if _holds_another(plain) else _object(node, plain, inside, item, status, root=nodes == 1)
            if claim is not None:
                key = (claim.code, claim.message, claim.details)
                if key not in seen:
                    seen.add(key)
                    claims.append(claim)
            else:
                _enqueue_parts(node, plain, queue)
        elif isinstance(node, list | tuple):
            claim = _reshaped(node, item)
            if claim is not None:
                claims.append(claim)
            else:
                kind = inside or BodyKind.ERRORS
                queue.extend((part, kind) for part in node[:MAX_NODES] if isinstance(part, dict | list | str))
    return claims


def unwrapped(text: str) -> Any:
    """The object or list that `text` itself is written as, or None."""
    start = text.find("{")
    if start < 0:
        start = text.find("[")
    if start < 0 or start > 200:
        return None
    whole, value = parse_json(text[start:])
    if not whole:
        literal = read_literal(text, start)
        value = literal.value if literal is not None else None
    return value if _speaks_of_errors(value) else None


def _speaks_of_errors(value: Any) -> bool:
    """Whether a value is an error object, or a list of them: braces stand in ordinary messages too."""
    if isinstance(value, list):
        return any(isinstance(part, dict) and _speaks_of_errors(part) for part in value[:20])
    if not isinstance(value, dict):
        return False
    return (
        field(value, "errors", "error", "errorcode", "message", "code", "errormessage", "errordescription") is not None
    )


def _holds_another(plain: dict[str, Any]) -> bool:
    """Whether an object, given by its plain names, only wraps the error: it has a list of errors, or JSON in the place
    of its message.
    """
    errors = plain.get("errors")
    if isinstance(errors, list) and errors:
        return True
    message = first(plain, "message", "errormessage", "body", "error")
    if isinstance(message, dict):
        return bool(message)
    return isinstance(message, str) and "{" in message[:200] and unwrapped(message) is not None


def _enqueue_parts(node: dict[Any, Any], plain: dict[str, Any], queue: deque[tuple[Any, BodyKind | None]]) -> None:
    errors = plain.get("errors")
    if isinstance(errors, dict):
        errors = [errors]
    if isinstance(errors, list):
        for part in errors[:MAX_NODES]:
            queue.append(({"message": part} if isinstance(part, str) else part, BodyKind.ERRORS))
    for key, part in node.items():
        if isinstance(part, dict | list):
            if part is not errors:
                queue.append((part, None))
        elif isinstance(part, str) and "{" in part[:200] and key not in ("details",):
            queue.append((part, None))


def _object(
    node: dict[Any, Any],
    plain: dict[str, Any],
    inside: BodyKind | None,
    item: Item | None,
    status: int | None,
    *,
    root: bool,
) -> Claim | None:
    code = as_text(plain.get("errorcode"))
    if code is not None and inside is None:
        return make_claim(
            BodyKind.LEGACY,
            code=code,
            message=first(plain, "errordescription", "description", "errormessage", "message"),
            details=plain.get("details"),
            retryable=first(plain, "retryable", "isretryable"),
            status=status,
            item=item,
        )
    login = as_text(plain.get("error")) or as_text(plain.get("field"))
    described = as_text(first(plain, "errordescription", "message"))
    if login is not None and (login in LOGIN_ERRORS or as_text(plain.get("errordescription")) is not None):
        return make_claim(
            BodyKind.LOGIN, code=login, message=described, request_id=plain.get("requestid"), status=status, item=item
        )
    code = as_text(first(plain, "code", "errorcode", "type" if "message" in node else "code"))
    message = first(plain, "message", "errormessage")
    details = first(plain, "details", "detail")
    text = as_text(message) if message is not None else None
    if code is not None and code in LOGIN_ERRORS:
        return make_claim(BodyKind.LOGIN, code=code, message=text or described, status=status, item=item)
    if code is not None and (text is not None or inside is not None or details is not None or "message" in plain):
        own = status if status is not None else as_status(first(plain, "statuscode", "httpstatus", "status"))
        return make_claim(
            inside or BodyKind.BARE,
            code=code,
            message=text,
            details=_flat(details),
            retryable=first(plain, "retryable", "isretryable"),
            status=own,
            request_id=plain.get("requestid"),
            item=item,
        )
    if text is not None and (inside is not None or (root and len(node) <= 2)):
        return make_claim(inside or BodyKind.GATEWAY, message=text, details=_flat(details), status=status, item=item)
    if inside is not None and _flat(details):
        return make_claim(inside, details=_flat(details), status=status, item=item)
    return None


def _flat(details: Any) -> str | None:
    """Details as text: also where a list or an object stands in their place."""
    if isinstance(details, list):
        texts = [text for text in (as_text(part) for part in details[:20]) if text]
        return "; ".join(texts)
    if isinstance(details, dict):
        return as_text(field(details, "message", "description"))
    return as_text(details)


def _reshaped(node: list[Any] | tuple[Any, ...], item: Item | None) -> Claim | None:
    """('invalid_client', 'Client authentication failed', 401), as a client library prints Login's answer."""
    if not 2 <= len(node) <= 3 or not isinstance(node[0], str) or node[0] not in LOGIN_ERRORS:
        return None
    return make_claim(
        BodyKind.LOGIN, code=node[0], message=node[1], status=as_status(node[2]) if len(node) == 3 else None, item=item
    )
