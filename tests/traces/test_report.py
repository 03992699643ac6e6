"""What a report tells of a trace whose numbers were made by hand, in each of its forms."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from recoup.exchange import Exchange, Headers, Request, Response
from recoup.recovery.advice import diagnose
from recoup.traces.report.account import Account, account_of
from recoup.traces.report.data import as_data, as_json
from recoup.traces.report.markdown import as_markdown
from recoup.traces.report.page import as_page
from recoup.traces.report.terminal import print_account
from recoup.traces.summary import Summary
from recoup.traces.traced import Place, Traced, Unread

BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()
HOST = "https://sellingpartnerapi-na.amazon.com"
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
QUOTA = b'{"errors":[{"code":"QuotaExceeded","message":"You exceeded your quota for the requested resource."}]}'
TOKEN = "Atza|IwEBIsecretsecretsecret"


def traced(at: float, status: int, body: bytes, path: str, seller: str | None = "shop-one", line: int = 1) -> Traced:
    request = Request(method="GET", url=HOST + path, headers=Headers({"x-amz-access-token": TOKEN}))
    response = Response(status=status, headers=Headers({"x-amzn-RequestId": f"id-{line}"}), body=body)
    exchange = Exchange(request=request, response=response, at=datetime.fromtimestamp(at, UTC))
    return Traced(exchange=exchange, place=Place("calls.jsonl", line, line * 10), seller=seller)


def add(summary: Summary, one: Traced) -> None:
    summary.add(one, diagnose(one.exchange))


def passed(summary: Summary, operation: str, at: float | None, times: int, seller: str | None = "shop-one") -> None:
    for _ in range(times):
        summary.passed(200, operation, at, seller)


@pytest.fixture
def account() -> Account:
    summary = Summary()
    passed(summary, "product-pricing/v0/getItemOffers", BEGIN, 40)
    for number in range(6):
        path = f"/products/pricing/v0/items/B00000000{number}/offers?MarketplaceId=ATVPDKIKX0DER&ItemCondition=New"
        add(summary, traced(BEGIN + 60, 429, QUOTA, path, line=number + 1))
    for number in range(3):
        add(summary, traced(BEGIN + 600, 403, DENIED, "/feeds/2021-06-30/feeds/1", "shop|two", line=number + 10))
    summary.not_read(Unread(Place("calls.jsonl", 99, 990), "the line is not JSON"))
    return account_of(summary)


def test_it_counts_what_was_counted(account: Account) -> None:
    assert (account.exchanges, account.failures, account.unread) == (49, 9, 1)
    assert [(cause.id, cause.count) for cause in account.causes] == [("429-rate-limit", 6), ("403-missing-role", 3)]
    assert account.causes[0].share == pytest.approx(6 / 9)
    assert (account.first, account.last) == (BEGIN, BEGIN + 600)
    assert account.operations[0] == ("product-pricing/v0/getItemOffers", 46, 6)


def test_each_cause_says_who_acts_what_first_and_where_it_stands(account: Account) -> None:
    denied = account.causes[1]
    assert denied.who == "operator"
    assert "role" in denied.first_step
    assert denied.tied == 3
    assert denied.places == ("calls.jsonl:10", "calls.jsonl:11", "calls.jsonl:12")
    assert denied.request_ids == ("id-10", "id-11", "id-12")
    assert denied.documented


def test_what_would_save_calls_is_said_with_its_numbers(account: Account) -> None:
    said = {advice.kind: advice for advice in account.advice}
    assert said["batch"].text.startswith("46 calls of getItemOffers would be 3 of getItemOffersBatch, which takes 20")
    assert said["batch"].saves == 43
    assert said["spread"].saves == 6
    assert "one every 2 seconds" in said["spread"].text
    assert said["stop-repeating"].saves == 2  # the same request three times: two of them in vain


def test_the_use_of_a_quota_is_measured_against_its_plan(account: Account) -> None:
    (quota,) = [each for each in account.quotas if each.operation == "product-pricing/v0/getItemOffers"]
    assert (quota.rate, quota.calls, quota.throttled) == (0.5, 46, 6)
    assert quota.peak == pytest.approx(40 / 30)  # forty calls in a minute in which the plan gives thirty


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("no time", "--field time=PLACE"),
        ("no seller", "--field seller=PLACE"),
        ("no path", "log the method and the whole URL"),
        ("ties", "could not be told from rivals"),
        ("unread", "could not be read"),
    ],
)
def test_what_the_trace_cannot_show_is_said_and_asked_for(change: str, says: str) -> None:
    summary = Summary()
    at = None if change == "no time" else BEGIN
    seller = None if change == "no seller" else "shop-one"
    passed(summary, "" if change == "no path" else "orders/v0/getOrders", at, 10, seller)
    if change == "ties":
        add(summary, traced(BEGIN, 403, DENIED, "/feeds/2021-06-30/feeds/1"))
    if change == "unread":
        summary.not_read(Unread(Place("x", 1, 0), "the line is not JSON"))
    assert [text for text in account_of(summary).unseen if says in text] != []


def test_a_healthy_trace_has_nothing_to_complain_of() -> None:
    summary = Summary()
    passed(summary, "orders/v0/getOrders", BEGIN, 10)
    account = account_of(summary)
    assert (account.causes, account.advice, account.unseen) == ((), (), ())
    assert as_markdown(account).startswith("# 0 of 10 calls failed")


def test_nothing_at_all_is_an_account_too() -> None:
    account = account_of(Summary())
    stream = io.StringIO()
    print_account(account, stream, width=100)
    assert "0 of 0 calls failed" in stream.getvalue()
    assert "0 of 0" in as_page(account)
    assert as_data(account)["first"] is None


# ---------------------------------------------------------------- the forms


def test_json_has_stable_keys_and_instants_in_utc(account: Account) -> None:
    data = json.loads(as_json(account))
    assert list(data)[:6] == ["exchanges", "failures", "unread", "first", "last", "statuses"]
    assert data["first"] == "2026-11-01T12:00:00Z"
    assert data["causes"][1]["first"] == "2026-11-01T12:10:00Z"


def test_markdown_keeps_its_tables_whatever_a_name_holds(account: Account) -> None:
    text = as_markdown(account)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "shop" in line]
    assert any("shop\\|two" in row for row in rows)
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) in (4, 7)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "rect", "link"):
            self.open.append(tag)
        if tag == "svg":
            self.labels.append(dict(attrs).get("aria-label") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag


def test_the_page_is_whole_tells_its_pictures_in_words_and_runs_no_script(account: Account) -> None:
    page = Page()
    page.feed(as_page(account))
    assert page.open == []
    assert "script" not in page.tags
    assert len(page.labels) >= 4
    assert all(page.labels)
    assert not re.search(r"(?:src|href)=", as_page(account))


def test_a_name_cannot_become_markup() -> None:
    summary = Summary()
    passed(summary, "orders/v0/getOrders", BEGIN, 3, seller="<script>alert(1)</script>")
    assert "<script" not in as_page(account_of(summary))


def test_the_terminal_gets_one_screen(account: Account) -> None:
    stream = io.StringIO()
    print_account(account, stream, width=100)
    lines = stream.getvalue().splitlines()
    assert len(lines) < 40
    assert max(map(len, lines)) <= 100
    assert "429-rate-limit" in stream.getvalue()


def test_no_token_in_any_form(account: Account) -> None:
    stream = io.StringIO()
    print_account(account, stream)
    for text in (stream.getvalue(), as_json(account), as_markdown(account), as_page(account)):
        assert "Atza|" not in text


def test_the_same_trace_gives_the_same_report(account: Account) -> None:
    assert as_page(account) == as_page(account)
    assert as_json(account) == as_json(account)
