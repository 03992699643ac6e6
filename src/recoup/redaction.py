"""Masking of secrets, by their form and by the place where they stand.

Used wherever a value of a request or response may reach a log, a page, a report or an exception. Facts about a secret
(kind, length) are kept, the secret itself never is. Formats: access and refresh tokens and client secrets of Login with
Amazon carry prefixes (`Atza|`, `Atzr|`, `Atc|`, `amzn1.oa2-cs.`), presigned links carry `X-Amz-Signature`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["mask", "redact_data", "redact_headers", "redact_text", "redact_url", "token_kind"]

_TOKEN_KINDS = (
    ("Atza|", "access token"),
    ("Atzr|", "refresh token"),
    ("Atc|", "grantless token"),
    ("Atz|", "restricted data token"),
    ("amzn1.oa2-cs.", "client secret"),
)
_SECRET_HEADERS = frozenset(
    {
        "x-amz-access-token",
        "x-amzn-access-token",
        "x-amz-security-token",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
    }
)
_NAMES_OF_SECRETS = (
    "access_token|refresh_token|client_secret|clientSecret|newClientSecret|accessToken|refreshToken|"
    "restrictedDataToken|spapi_oauth_code|mws_auth_token|mwsAuthToken|lwa_client_secret|code_verifier"
)
# The bar after the prefix as it stands, percent-encoded once or twice (`Atza%7C…`), or escaped as in JSON.
_BAR = re.compile(r"%(?:25){0,3}7[Cc]|\\+u007[Cc]")
# A token runs to the first character that no token has.
_TOKEN = re.compile(
    rf"(?:Atza|Atzr|Atc|Atz)(?:\||{_BAR.pattern})[A-Za-z0-9_\-+/=.%~|\\]*|amzn1\.oa2-cs\.[A-Za-z0-9_\-+/=.%]+", re.ASCII
)
# name=value, "name": "value", 'name' => 'value', name: value; a quoted value may hold anything but its quote
_NAMED = re.compile(
    rf"""(?P<name>{_NAMES_OF_SECRETS}|(?<=[?&])code)(?P<quote>\\?["']?)(?P<sep>\s*(?:=>|=|:)\s*)"""
    r"""(?P<open>\\?["'])?(?P<value>(?(open)(?:(?!(?P=open)).)+|[^"'&\s,;}\]\\]+))""",
    re.IGNORECASE,
)
# A field, in whatever is written around it: a raw request, curl, a mapping, pairs. Where its value ends is found apart.
_FIELD = re.compile(
    r"""(?P<outer>\\?["'])?"""
    r"""(?:x-amzn?-access-token|x-amz-security-token|set-cookie|(?<![\w\-])(?:(?:proxy-)?authorization|cookie))"""
    r"""(?:(?P<close>\\?["'])[ \t]{0,9}(?:=>|[:=,])|[ \t]{0,9}[:=]|[ ]header:(?=[ ]['"]))"""
    r"""[ \t]{0,9}(?:b(?=["']))?(?P<open>\\?["'])?""",
    re.IGNORECASE,
)
_WORDS_OF_FIELDS = ("-token", "authorization", "cookie")
_LINE_END = re.compile(r"[\r\n]|$")
_USER = re.compile(r"(?<=://)[^/@\s?#'\"]{1,256}@")
_PRESIGNED = re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)=([^&\s\"'<>]+)")
# The sign as it stands, percent-encoded once or more (`%40`, `%2540`), or escaped as in JSON and HTML.
_AT = re.compile(r"@|%(?:25){0,3}40|\\+u0040|&#64;")
_EMAIL = re.compile(
    rf"[A-Za-z0-9._%+\-]{{1,64}}(?:{_AT.pattern})[A-Za-z0-9\-]{{1,63}}(?:\.[A-Za-z0-9\-]{{1,63}}){{1,6}}"
)


def token_kind(value: str) -> str | None:
    """What sort of Login with Amazon secret `value` is by its prefix, or None where the prefix is not known."""
    for prefix, kind in _TOKEN_KINDS:
        if value.startswith(prefix):
            return kind
    return None


def mask(value: str) -> str:
    """The sign that stands in the place of a secret: its kind where known, and its length."""
    return f"<{token_kind(_BAR.sub('|', value)) or 'redacted'}, {len(value)} characters>"


def redact_text(text: str) -> str:
    """`text` with every token, named secret, password, presigned signature and e-mail address masked; the rest as it
    was. Takes time in proportion to its length.
    """
    text = _masked_fields(text)
    text = _TOKEN.sub(lambda m: mask(m[0]), text)
    text = _NAMED.sub(_mask_named, text)
    text = _PRESIGNED.sub(lambda m: f"{m[1]}={mask(m[2])}", text)
    text = _USER.sub("<redacted>@", text)
    return _EMAIL.sub("<e-mail address>", text) if _AT.search(text) is not None else text


def _masked_fields(text: str) -> str:
    lowered = text.lower()
    if not any(word in lowered for word in _WORDS_OF_FIELDS):
        return text
    parts: list[str] = []
    done = line_end = 0
    for found in _FIELD.finditer(text):
        start = found.end()
        if start <= done:
            continue  # inside a value that was masked already
        if line_end <= start:  # looked for once a line, or the time would grow by the square
            line_end = _LINE_END.search(text, start).start()  # type: ignore[union-attr]  # the end always is one
        end = line_end
        quote = found["open"] or (None if found["close"] else found["outer"])
        if quote and (closing := text.find(quote, start, end)) >= 0:
            end = closing
        value = text[start:end].strip()
        if value and not value.startswith("<"):  # else masked already, with its kind
            parts += (text[done:start], mask(value))
            done = end
    parts.append(text[done:])
    return "".join(parts)


def _mask_named(found: re.Match[str]) -> str:
    if found["value"].startswith("<"):  # masked already, with its kind
        return found[0]
    return found["name"] + found["quote"] + found["sep"] + (found["open"] or "") + mask(found["value"])


def redact_data(value: Any) -> Any:
    """Plain data (mappings, lists, texts, numbers), every text in it masked as `redact_text` does; keys are kept."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {str(key): redact_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_data(item) for item in value]
    return value


def redact_url(url: str) -> str:
    """`url` with secret query values masked and a password before the host removed."""
    return redact_text(re.sub(r"(?<=//)[^/@\s?#]*@", "<redacted>@", url))


def redact_headers(items: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same fields, with the values of those that carry secrets masked."""
    for name, value in items:
        yield name, mask(value) if name.lower() in _SECRET_HEADERS else redact_text(value)
