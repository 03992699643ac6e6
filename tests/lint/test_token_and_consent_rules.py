"""What the rules see in requests for tokens, in consent addresses and in presigned links; and their mended twins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from planting import planted, tokens

from recoup.lint.checking import check
from recoup.lint.reading import from_http, from_url

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()
CLIENT = "client_id=amzn1.application-oa2-client.0a&client_secret=amzn1.oa2-cs.v1.0a"
REFRESH = f"grant_type=refresh_token&refresh_token=Atzr%7CIwEB&{CLIENT}"
GRANTLESS = f"grant_type=client_credentials&scope=sellingpartnerapi::notifications&{CLIENT}"
GOOD = tokens(REFRESH)
GRANT, REQUEST, SCOPE = "lwa-unsupported-grant-type", "lwa-invalid-request", "lwa-invalid-scope"
NOBODY, EXPIRED = "lwa-invalid-client", "lwa-invalid-grant"
JSON = (
    '{"grant_type": "refresh_token", "refresh_token": "Atzr|IwEB", '
    '"client_id": "amzn1.application-oa2-client.0a", "client_secret": "amzn1.oa2-cs.v1.0a"}'
)


def scoped(scope: str) -> str:
    return tokens(GRANTLESS.replace("sellingpartnerapi::notifications", scope))


# (rule, fault, certain, the request with the span marked, its mended twin)
TOKENS = [
    ("token-request-form", GRANT, True, tokens(REFRESH, kind="«application/json»"), GOOD),
    ("token-request-form", GRANT, True, tokens(f"«{JSON}»"), GOOD),
    ("token-request-form", GRANT, False, tokens(f"«{JSON}»", kind="application/json"), GOOD),
    ("token-request-form", GRANT, True, "«GET»" + GOOD[4:], GOOD),
    ("token-request-form", REQUEST, True, tokens(f"{REFRESH}&«client_id=a»"), GOOD),
    ("token-request-form", GRANT, False, tokens(REFRESH, target="/auth/o2/token?«client_secret=x»"), GOOD),
    ("token-request-grant", GRANT, True, tokens(f"refresh_token=Atzr%7CIwEB&{CLIENT}«»"), GOOD),
    ("token-request-grant", GRANT, True, tokens(REFRESH.replace("=refresh_token", "=«refreshToken»")), GOOD),
    ("token-request-grant", GRANT, True, tokens(REFRESH.replace("=refresh_token", "=«password»")), GOOD),
    ("token-request-grant", REQUEST, True, tokens(f"grant_type=refresh_token&{CLIENT}«»"), GOOD),
    ("token-request-grant", REQUEST, True, tokens(f"{REFRESH}&«scope=sellingpartnerapi::notifications»"), GOOD),
    ("token-request-grant", REQUEST, True, tokens(f"grant_type=client_credentials&{CLIENT}«»"), tokens(GRANTLESS)),
    ("token-request-grant", REQUEST, True, tokens(f"{GRANTLESS}&«refresh_token=Atzr%7Ca»"), tokens(GRANTLESS)),
    ("token-request-grant", REQUEST, True, tokens("«client_secret=»&" + REFRESH.rpartition("&")[0]), GOOD),
    ("token-request-grant", SCOPE, True, scoped("«notifications»"),
     tokens(GRANTLESS)),
    ("token-request-grant", SCOPE, False, scoped("«sellingpartnerapi::orders»"),
     tokens(GRANTLESS)),
    (
        "token-request-values", NOBODY, True,
        tokens(REFRESH.replace("amzn1.application-oa2-client.0a", "«amzn1.sp.solution.0a»")), GOOD,
    ),
    (
        "token-request-values", NOBODY, True,
        tokens(REFRESH.replace("amzn1.oa2-cs.v1.0a", "«%20amzn1.oa2-cs.v1.0a»")), GOOD,
    ),
    ("token-request-values", EXPIRED, True, tokens(REFRESH.replace("Atzr%7CIwEB", "«Atza%7CIwEB»")), GOOD),
    ("token-request-values", EXPIRED, True, tokens(REFRESH.replace("Atzr%7CIwEB", "«Atzr%257CIwEB»")), GOOD),
    ("token-request-values", EXPIRED, True, tokens(REFRESH.replace("Atzr%7CIwEB", "«Atzr%7CIw+EB»")), GOOD),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "fault", "certain", "marked", "twin"), TOKENS)
def test_a_fault_of_a_token_request_is_found_at_its_bytes(
    rule: str, fault: str, certain: bool, marked: str, twin: str
) -> None:
    raw, spans = planted(marked)
    found = [finding for finding in check(from_http(raw), now=NOW) if finding.rule == rule]
    assert [(each.start, each.end, each.fault, each.certain) for each in found] == [
        (start, end, fault, certain) for start, end in spans
    ]
    mine = {row[0] for row in TOKENS}
    assert [each for each in check(from_http(twin.encode()), now=NOW) if each.rule in mine] == []


def test_no_finding_repeats_a_secret() -> None:
    for _, _, _, marked, _ in TOKENS:
        for finding in check(from_http(planted(marked)[0]), now=NOW):
            assert "0a" not in finding.text + finding.fix
            assert "IwEB" not in finding.text + finding.fix


SELLER = "https://sellercentral-europe.amazon.com/apps/authorize/consent?"
APP = "application_id=amzn1.sp.solution.63ba1a9d-0000-0000-0000-000000000000"
ASKED = f"{SELLER}{APP}&state=a7f0&redirect_uri=https%3A%2F%2Fapp.example%2Fback&version=beta"

# (rule, fault or None, certain, the address with the span marked)
CONSENT = [
    ("consent-application", "auth-MD1000", True, f"{SELLER}state=a7f0«»"),
    ("consent-application", "auth-MD1000", True, f"{SELLER}«client_id»=amzn1.sp.solution.63&state=a7f0"),
    (
        "consent-application", "auth-MD1000", True,
        f"{SELLER}application_id=«amzn1.application-oa2-client.63»&state=a7f0",
    ),
    ("consent-application", "auth-MD1000", True, f"{SELLER}application_id=«630123456789»&state=a7f0"),
    ("consent-state", None, True, f"{SELLER}{APP}«»"),
    ("consent-state", None, True, f"{SELLER}{APP}&«state=»"),
    (
        "consent-redirect", "auth-MD5110", True,
        f"{SELLER}{APP}&state=a7f0&redirect_uri=https%3A%2F%2Fapp.example%2F«%23done»",
    ),
    ("consent-redirect", "auth-MD5110", False, f"{SELLER}{APP}&state=a7f0&redirect_uri=https://app.example/«#done»"),
    (
        "consent-redirect", "auth-MD5101", True,
        f"{SELLER}{APP}&state=a7f0&redirect_uri=«http%3A%2F%2Fapp.example%2Fback»",
    ),
    (
        "consent-redirect", "auth-MD5101", True,
        f"{SELLER}{APP}&state=a7f0&redirect_uri=«https%253A%252F%252Fapp.example»",
    ),
    ("consent-redirect", "auth-MD5101", True, f"{SELLER}{APP}&state=a7f0&redirect_uri=«app.example%2Fback»"),
    ("consent-redirect", "auth-MD5101", False, f"{SELLER}{APP}&state=a7f0&«redirect_url»=https%3A%2F%2Fapp.example"),
    ("consent-version", "auth-MD1000", True, f"{SELLER}{APP}&state=a7f0&version=«Beta»"),
    ("consent-version", "auth-MD1000", True, f"{SELLER}{APP}&state=a7f0&«beta=true»"),
    ("consent-version", "auth-MD1000", True, f"{SELLER}{APP}«?»version=beta&state=a7f0"),
    ("consent-version", "auth-MD1000", True, f"{SELLER}{APP}«&amp;»state=a7f0"),
    ("consent-host", "other-consent-page-unknown", True,
     f"https://«sellingpartnerapi-eu.amazon.com»/apps/authorize/consent?{APP}&state=a7f0"),
    (
        "consent-host", "other-consent-page-unknown", True,
        f"https://«www.amazon.de»/apps/authorize/consent?{APP}&state=a7f0",
    ),
    ("consent-host", "other-consent-page-unknown", True,
     f"https://sellercentral.amazon.de«/authorize/consent»?{APP}&state=a7f0"),
    ("consent-host", None, True, f"«http»://sellercentral.amazon.de/apps/authorize/consent?{APP}&state=a7f0"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "fault", "certain", "marked"), CONSENT)
def test_a_fault_of_a_consent_address_is_found_at_its_characters(
    rule: str, fault: str | None, certain: bool, marked: str
) -> None:
    url, spans = planted(marked)
    found = [finding for finding in check(from_url(url)) if finding.rule == rule]
    assert [(each.start, each.end, each.fault, each.certain) for each in found] == [
        (start, end, fault, certain) for start, end in spans
    ]


@pytest.mark.parametrize(
    "url",
    [
        ASKED,
        f"https://vendorcentral.amazon.de/apps/authorize/consent?{APP}&state=a7f0",
        f"http://127.0.0.1:8801/apps/authorize/consent?{APP}&state=a7f0&redirect_uri=http%3A%2F%2Flocalhost%2Fback",
        f"{SELLER}application_id={{application_id}}&state={{state}}",
        f"{SELLER}{APP}&state=a7f0&redirect_uri=https://app.example/back?tenant=4",
    ],
)
def test_a_proper_consent_address_is_left_alone(url: str) -> None:
    assert check(from_url(url)) == ()


LINK = (
    "/doc.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260302T115000Z&«X-Amz-Expires=300»"
    "&X-Amz-Credential=AK%2F20260302&X-Amz-Signature=0a"
)


ALIVE = LINK.replace("300", "900").replace("«", "").replace("»", "")


def link(target: str, more: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\nHost: tortuga-prod-eu.s3-eu-west-1.amazonaws.com\r\n{more}\r\n"


@pytest.mark.parametrize(
    ("fault", "marked"),
    [
        ("other-presigned-url-expired", link(LINK)),
        ("other-presigned-signature", link(ALIVE, "«x-amz-access-token: Atza|a\r\n»")),
        ("other-presigned-signature", link(ALIVE.replace("&X-Amz-Sig", "«&amp;»X-Amz-Sig"))),
    ],
)  # fmt: skip
def test_a_presigned_link_is_called_as_it_came_and_in_time(fault: str, marked: str) -> None:
    raw, spans = planted(marked)
    found = [finding for finding in check(from_http(raw), now=NOW) if finding.rule == "presigned-link"]
    assert [(each.start, each.end, each.fault) for each in found] == [(*span, fault) for span in spans]
