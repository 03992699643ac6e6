"""Requests in which the span of a planted fault is marked: «…» stands around it."""

from __future__ import annotations

EU = "sellingpartnerapi-eu.amazon.com"
FIELDS = "x-amz-access-token: Atza|IwEBIJedGJ\r\nUser-Agent: Stock/2.1 (Language=Python/3.12)\r\n"


def get(target: str, *, host: str = EU) -> str:
    """A GET of the API."""
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{FIELDS}\r\n"


def sent(method: str, target: str, body: str, *, host: str = EU, kind: str = "application/json") -> str:
    """A request with a body."""
    length = len(body.replace("«", "").replace("»", "").encode())
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{FIELDS}Content-Type: {kind}\r\nContent-Length: {length}"
    return f"{head}\r\n\r\n{body}"


def tokens(body: str, *, kind: str = "application/x-www-form-urlencoded", target: str = "/auth/o2/token") -> str:
    """A request to Login with Amazon."""
    length = len(body.replace("«", "").replace("»", "").encode())
    head = f"POST {target} HTTP/1.1\r\nHost: api.amazon.com\r\n{kind and f'Content-Type: {kind}' + chr(13) + chr(10)}"
    return f"{head}Content-Length: {length}\r\n\r\n{body}"


def planted(marked: str) -> tuple[bytes, list[tuple[int, int]]]:
    """The bytes without the marks, and the marked spans."""
    spans: list[tuple[int, int]] = []
    parts: list[bytes] = []
    size = 0
    for index, piece in enumerate(part for half in marked.split("«") for part in half.split("»")):
        data = piece.encode()
        if index % 2:
            spans.append((size, size + len(data)))
        parts.append(data)
        size += len(data)
    return b"".join(parts), spans
