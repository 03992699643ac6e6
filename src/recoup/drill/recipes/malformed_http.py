"""What is no well-formed HTTP: the thirteen conditions of the document, sent as bytes; and a Content-Type that is none.

An HTTP library would mend most of them before they leave, so that the caller here writes to the socket itself.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from recoup.drill.order import Order
from recoup.drill.recipe import Act, GivesUp, recipe
from recoup.drill.stage import Caller, Stage

__all__: list[str] = []

_FIX = GivesUp(fix="fix-request", who="developer")
_RAW = "400-malformed-http-"
_REPORTS = "/reports/2021-06-30/reports"


def _bytes(request_line: str, lines: list[str], body: str = "") -> bytes:
    return "\r\n".join([request_line, *lines, "", body]).encode("latin-1")


def _lines(stage: Stage, caller: Caller) -> list[str]:
    """The headers of a good call: Host, User-Agent, the token."""
    host = urlsplit(stage.sandbox.endpoint).netloc
    return [
        f"Host: {host}",
        "User-Agent: recoup-drill/1.0 (Language=Python)",
        f"x-amz-access-token: {caller.token()}",
    ]


def _read(
    stage: Stage, cause: str, spoil: Callable[[str, list[str]], bytes], *, answers: int = 1, proper: int = 200
) -> Act:
    """A getShipment that `spoil` makes of the path and the good header lines; it passes as it would be unspoilt."""
    order = Order(stage)
    return Act(
        cause=cause,
        send=lambda caller: caller.raw(spoil(order.path, _lines(stage, caller)), answers=answers),
        mend=lambda: None,
        again=lambda caller: caller.raw(_bytes(f"GET {order.path} HTTP/1.1", _lines(stage, caller))),
        proper=proper,
    )


def _write(stage: Stage, cause: str, announced: list[str], body: str = "") -> Act:
    """A CONFIRM whose (empty) body is announced by these lines; it passes when its length is stated once."""
    order = Order(stage)
    line = f"POST {order.path}?operation=CONFIRM HTTP/1.1"
    return Act(
        cause=cause,
        send=lambda caller: caller.raw(_bytes(line, [*_lines(stage, caller), *announced], body)),
        mend=lambda: None,
        again=lambda caller: caller.raw(_bytes(line, [*_lines(stage, caller), "Content-Length: 0"])),
        proper=204,
    )


@recipe("400-get-with-body", expects=_FIX, basis="request")
def a_get_with_a_length(stage: Stage) -> Act:
    return _read(
        stage,
        "A GET says Content-Length: 0, as some clients do for an empty body.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "Content-Length: 0"]),
    )


@recipe(_RAW + "body-in-get-or-head", expects=_FIX, basis="request")
def a_get_with_a_body(stage: Stage) -> Act:
    return _read(
        stage,
        "A GET carries an empty object as its body.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "Content-Length: 2"], "{}"),
    )


@recipe(_RAW + "content-length-unparseable", expects=_FIX, basis="request")
def a_length_with_a_unit(stage: Stage) -> Act:
    return _write(stage, "Content-Length has a unit behind its number.", ["Content-Length: 0 bytes"])


@recipe(_RAW + "multiple-content-length", expects=_FIX, basis="request")
def two_lengths(stage: Stage) -> Act:
    return _write(stage, "Program and library both set Content-Length.", ["Content-Length: 0", "content-length: 0"])


@recipe(_RAW + "content-length-and-transfer-encoding", expects=_FIX, basis="request")
def a_length_and_chunks(stage: Stage) -> Act:
    return _write(
        stage,
        "The body is announced by its length and comes in chunks.",
        ["Content-Length: 0", "Transfer-Encoding: chunked"],
        "0\r\n\r\n",
    )


@recipe(_RAW + "host-header", expects=_FIX, basis="request")
def two_hosts(stage: Stage) -> Act:
    return _read(
        stage,
        "A proxy adds its own Host header to the client's.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "Host: proxy.example"]),
    )


@recipe(_RAW + "empty-header", expects=_FIX, basis="request")
def a_header_without_a_value(stage: Stage) -> Act:
    return _read(
        stage,
        "The variable for a header's value was empty.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "x-amzn-shipping-business-id: "]),
    )


@recipe(_RAW + "multiline-header", expects=_FIX, basis="request")
def a_folded_header(stage: Stage) -> Act:
    return _read(
        stage,
        "The User-Agent was broken over two lines.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [line.replace(" (", "\r\n (") for line in lines]),
    )


@recipe(_RAW + "header-termination", expects=_FIX, basis="request")
def a_line_that_ends_with_a_line_feed(stage: Stage) -> Act:
    return _read(
        stage,
        "A header was put together with a line feed alone.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [lines[0] + "\n" + lines[1], *lines[2:]]),
    )


@recipe(_RAW + "missing-colon", expects=_FIX, basis="request")
def a_header_without_a_colon(stage: Stage) -> Act:
    return _read(
        stage,
        "A header was written with a blank in the place of the colon.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "x-amz-date 20261123T091407Z"]),
    )


@recipe(_RAW + "control-character", expects=_FIX, basis="request")
def a_nul_in_a_header(stage: Stage) -> Act:
    return _read(
        stage,
        "A header's value was read from a buffer with its closing NUL.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", [*lines, "x-amz-date: 20261123T091407Z\x00"]),
    )


@recipe(_RAW + "trailing-empty-line", expects=_FIX, basis="request")
def a_line_break_too_many(stage: Stage) -> Act:
    return _read(
        stage,
        "After the end of the message the program writes one more line break: the second answer is about it.",
        lambda path, lines: _bytes(f"GET {path} HTTP/1.1", lines) + b"\r\n",
        answers=2,
    )


@recipe(_RAW + "no-uri", expects=_FIX, basis="request")
def a_request_line_without_a_uri(stage: Stage) -> Act:
    return _read(
        stage,
        "The variable for the path was empty.",
        lambda _path, lines: _bytes("GET HTTP/1.1", lines),
    )


@recipe(_RAW + "method", expects=_FIX, basis="request")
def a_method_that_is_no_word(stage: Stage) -> Act:
    return _read(
        stage,
        "The method was handed over in quotes.",
        lambda path, lines: _bytes(f'"GET" {path} HTTP/1.1', lines),
    )


@recipe("400-wrong-content-type", expects=_FIX, basis="request")
def a_content_type_that_is_none(stage: Stage) -> Act:
    # The half about Host is malformed HTTP: see two_hosts.
    body = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [stage.sandbox.marketplace_id]}
    return Act(
        cause="The Content-Type says json, which is no type at all.",
        send=lambda caller: caller.call("POST", _REPORTS, body=body, headers={"content-type": "json"}),
        mend=lambda: None,
        again=lambda caller: caller.call("POST", _REPORTS, body=body),
        proper=202,
    )
