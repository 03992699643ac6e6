"""Secrets in a text: tokens by their prefix, values by the name beside them, header fields, passwords, signatures.

Formats: tokens of Login with Amazon (`Atza|`, `Atzr|`, `Atc|`, `amzn1.oa2-cs.`), presigned links (`X-Amz-Signature`).
"""

from __future__ import annotations

import re
from functools import cache

from recoup.redaction.facts import BAR, mask

__all__ = ["NAMES", "SECRET_HEADERS", "is_secret_name", "without_secrets"]

SECRET_HEADERS = frozenset(
    {
        "x-amz-access-token",
        "x-amzn-access-token",
        "x-amz-security-token",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "x-auth-token",
    }
)
_NAMES_OF_SECRETS = (
    "access_token|refresh_token|client_secret|clientSecret|newClientSecret|accessToken|refreshToken|"
    "restrictedDataToken|spapi_oauth_code|mws_auth_token|mwsAuthToken|lwa_client_secret|code_verifier|"
    # of whatever else stands in the same settings, logs and requests
    "password|passwd|passphrase|api_key|apiKey|api-key|auth-token|secret_key|secretKey|secret_access_key|"
    "secretAccessKey|session_token|sessionToken|id_token|client_assertion"
)
_WORDS_OF_FIELDS = ("-token", "authorization", "cookie")
_LINE_END = re.compile(r"[\r\n]|$")
_USER = re.compile(r"(?<=://)[^/@\s?#'\"]{1,256}@")
NAMES = frozenset(_NAMES_OF_SECRETS.lower().split("|"))
"""The names, in lower case, beside which a value is secret whatever it looks like."""

_ENDS = tuple(sorted(NAMES))


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: one of `NAMES`, whatever stands before it (`aws_secret_key`)."""
    lowered = name.lower()
    return lowered.endswith(_ENDS) or lowered in SECRET_HEADERS


_OF_NAMES = (
    "access_token", "accesstoken", "refresh_token", "refreshtoken", "client_secret", "clientsecret", "datatoken",
    "oauth_code", "auth_token", "authtoken", "code_verifier", "code=", "password", "passwd", "passphrase", "api_key",
    "apikey", "api-key", "auth-token", "secret_key", "secretkey", "secret_access_key", "secretaccesskey",
    "session_token", "sessiontoken", "id_token", "client_assertion",
)  # fmt: skip
_OF_PRESIGNED = ("signature=", "credential=", "security-token=", "awsaccesskeyid=")


# The large patterns are compiled when a text first needs them: most programs start without one.


@cache
def _token() -> re.Pattern[str]:
    """A token. It runs to the first character that no token has."""
    return re.compile(
        rf"(?:Atza|Atzr|Atc|Atz(?:\.[a-z]{{2,12}})?)(?:\||{BAR.pattern})[A-Za-z0-9_\-+/=.%~|\\]+"
        r"|amzn1\.oa2-cs\.[A-Za-z0-9_\-+/=.%]+",
        re.ASCII,
    )


@cache
def _named() -> re.Pattern[str]:
    """name=value, "name": "value", 'name' => 'value', name: value; a quoted value may hold anything but its quote."""
    return re.compile(
        rf"""(?P<name>{_NAMES_OF_SECRETS}|(?<=[?&])code)(?P<quote>\\?["']?)(?P<sep>\s*(?:=>|=|:)\s*)"""
        r"""(?P<open>\\?["'])?(?P<value>(?(open)(?:(?!(?P=open)).)+|[^"'&\s,;}\]\\]+))""",
        re.IGNORECASE,
    )


@cache
def _field() -> re.Pattern[str]:
    """A field, in whatever is written around it: a raw request, curl, a mapping, pairs. Where its value ends is found
    apart.
    """
    return re.compile(
        r"""(?P<outer>\\?["'])?"""
        r"""(?:x-amzn?-access-token|x-amz-security-token|set-cookie|(?<![\w\-])(?:(?:proxy-)?authorization|cookie))"""
        r"""(?:(?P<close>\\?["'])[ \t]{0,9}(?:=>|[:=,])|[ \t]{0,9}[:=]|[ ]header:(?=[ ]['"]))"""
        r"""[ \t]{0,9}(?:b(?=["']))?(?P<open>\\?["'])?""",
        re.IGNORECASE,
    )


@cache
def _presigned() -> re.Pattern[str]:
    """What signs a link, by its name."""
    return re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)=([^&\s\"'<>]+)")


@cache
def _scheme() -> re.Pattern[str]:
    """What follows the scheme of an Authorization field, the field's name gone; and a JSON Web Token by its form. A
    word of a sentence ("Basic authentication") has neither a digit nor padding.
    """
    return re.compile(
        r"(?i:\b(?P<scheme>bearer|basic)[ \t]{1,3})"
        r"(?P<value>(?=[^\s\"'<]{0,400}[0-9=])[A-Za-z0-9._~+/\-]{8,8192}={0,2})"
        r"|(?<![A-Za-z0-9_\-])eyJ[A-Za-z0-9_\-]{8,4096}\.[A-Za-z0-9_\-]{4,8192}\.[A-Za-z0-9_\-]{4,4096}"
    )


def without_secrets(text: str, lowered: str) -> str:
    """`text` with every token, named secret, password and presigned signature masked; `lowered` is it in lower case."""
    # Most texts hold none of the words that a pattern begins with: looking for these is much quicker.
    if any(word in lowered for word in _WORDS_OF_FIELDS):
        text = _masked_fields(text)
    if "Atz" in text or "Atc" in text or "amzn1.oa2-cs." in text:
        text = _token().sub(lambda m: mask(m[0]), text)
    if any(word in lowered for word in _OF_NAMES):
        text = _named().sub(_mask_named, text)
    if any(word in lowered for word in _OF_PRESIGNED):
        text = _presigned().sub(lambda m: f"{m[1]}={mask(m[2])}", text)
    if "bearer" in lowered or "basic" in lowered or "eyJ" in text:
        text = _scheme().sub(_mask_scheme, text)
    return _USER.sub("<redacted>@", text) if "://" in text else text


def _masked_fields(text: str) -> str:
    parts: list[str] = []
    done = line_end = 0
    for found in _field().finditer(text):
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


def _mask_scheme(found: re.Match[str]) -> str:
    if found["scheme"] is None:
        return mask(found[0])
    return found[0][: found.start("value") - found.start()] + mask(found["value"])
