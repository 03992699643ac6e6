"""The pages themselves: templates in, responses out, with the headers that every page has.

No page runs a script, or loads anything but its style. Nothing is put into a page unescaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from recoup.sandbox.operation import Refusal

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["STYLE", "Page", "moved", "rendered", "stylesheet"]

STYLE = "/apps/authorize/page.css"

_TEMPLATES = Path(__file__).parent / "templates"
_ALWAYS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
# No form-action: browsers hold it against every redirection that follows a form, and where the application leads a
# person after the consent is its own affair.
_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the consent pages, and why it is so: `refusal` and `because` go to the causal trail alone.

    `changing` is False where the visit cannot have changed anything.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    refusal: Refusal | None = None
    because: str = ""
    merchant_id: str | None = None
    changing: bool = True


def rendered(
    template: str,
    *,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
    refusal: Refusal | None = None,
    because: str = "",
    merchant_id: str | None = None,
    **values: object,
) -> Page:
    """A page from a template of this room."""
    text = _environment().get_template(template).render(style=STYLE, **values)
    fields = (("Content-Type", "text/html; charset=utf-8"), *_ALWAYS, ("Content-Security-Policy", _POLICY), *headers)
    body = text.encode("utf-8", "replace")
    return Page(status=status, headers=fields, body=body, refusal=refusal, because=because, merchant_id=merchant_id)


def moved(
    location: str,
    *,
    status: int = 302,
    headers: Sequence[tuple[str, str]] = (),
    refusal: Refusal | None = None,
    because: str = "",
    merchant_id: str | None = None,
) -> Page:
    """A redirection. `location` is made by the caller of escaped parts; the browser says nobody where it came from."""
    fields = (("Location", location), *_ALWAYS, *headers)
    return Page(status=status, headers=fields, refusal=refusal, because=because, merchant_id=merchant_id)


def stylesheet() -> Page:
    """The style of all pages."""
    fields = (
        ("Content-Type", "text/css; charset=utf-8"),
        ("Cache-Control", "max-age=3600"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Page(headers=fields, body=_style(), because="the style of the pages", changing=False)


@cache
def _environment() -> Environment:
    import jinja2  # late: a sandbox that shows no page need not pay for it

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


@cache
def _style() -> bytes:
    return (_TEMPLATES / "style.css").read_bytes()
