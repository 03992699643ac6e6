"""The support bundle: what Amazon asks for is in it, what nobody may see is not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from recoup.errors import UnreadableInput
from recoup.exchange import Exchange, Headers, NoResponse, NoResponseKind, Request, Response
from recoup.recovery.advice import diagnose
from recoup.traces.bundle import Bundle
from recoup.traces.traced import Place, Traced

DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
TOKEN = "Atza|IwEBIplantedplantedplanted"
AT = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


def traced(
    request_id: str | None = "id-1", path: str = "/feeds/2021-06-30/feeds/1", seller: str = "shop", line: int = 1
) -> Traced:
    headers = {"x-amzn-RequestId": request_id} if request_id else {}
    request = Request(
        method="GET",
        url=f"https://sellingpartnerapi-eu.amazon.com{path}?MarketplaceIds=A1PA6795UKMFR9",
        headers=Headers({"x-amz-access-token": TOKEN, "user-agent": "Shop/1.0"}),
        body=b'{"refreshToken":"Atzr|plantedplanted","buyerEmail":"buyer@example.com"}',
    )
    response = Response(status=403, headers=Headers(headers), body=DENIED)
    return Traced(
        exchange=Exchange(request=request, response=response, at=AT), place=Place("log", line, 0), seller=seller
    )


def bundle(folder: Path, *all_traced: Traced, most: int = 50) -> list[Path]:
    made = Bundle(folder, most=most)
    for each in all_traced:
        made.add(each, diagnose(each.exchange))
    return made.write()


def test_one_folder_a_kind_of_failure_the_most_frequent_first(tmp_path: Path) -> None:
    folders = bundle(
        tmp_path / "out",
        traced(path="/sellers/v1/marketplaceParticipations"),
        *(traced(line=line) for line in range(3)),
    )
    assert [folder.name for folder in folders] == [
        "01-403-missing-role-getFeed",
        "02-403-missing-role-getMarketplaceParticipations",
    ]
    assert sorted(path.name for path in folders[0].iterdir()) == ["README.txt", "request.http", "response.http"]


@pytest.mark.parametrize(
    "line",
    [
        "Request id:   id-1",
        "Time (UTC):   2026-11-01T12:00:00.000000Z",
        "Operation:    feeds/2021-06-30/getFeed",
        "Region:       EU",
        "Marketplaces: A1PA6795UKMFR9",
        "Seller:       shop",
        "HTTP status:  403",
        "Message:      Access to requested resource is denied.",
        "Seen:         2 times, at 2026-11-01 12:00:00 UTC",
        "In the trace: log:1",
    ],
)
def test_what_support_asks_for_stands_in_it(tmp_path: Path, line: str) -> None:
    (folder,) = bundle(tmp_path / "out", traced(), traced(line=2))
    assert line in (folder / "README.txt").read_text(encoding="utf-8")


def test_an_exchange_with_a_request_id_speaks_for_its_kind(tmp_path: Path) -> None:
    (folder,) = bundle(tmp_path / "out", traced(request_id=None), traced(request_id="id-9", line=2))
    assert "id-9" in (folder / "README.txt").read_text(encoding="utf-8")


def test_no_secret_is_in_any_file(tmp_path: Path) -> None:
    bundle(tmp_path / "out", traced())
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for secret in (TOKEN, "planted", "buyer@example.com"):
                assert secret not in text, path


def test_no_response_and_no_request_are_said(tmp_path: Path) -> None:
    missing = Exchange(no_response=NoResponse(kind=NoResponseKind.TIMEOUT, text="ReadTimeout: 20 s"))
    (folder,) = bundle(tmp_path / "out", Traced(exchange=missing, place=Place("log", 1, 0)))
    assert b"does not show the request" in (folder / "request.http").read_bytes()
    assert b"ReadTimeout" in (folder / "response.http").read_bytes()


def test_a_success_makes_no_folder(tmp_path: Path) -> None:
    fine = Exchange(
        request=Request(method="GET", url="/sellers/v1/marketplaceParticipations"), response=Response(status=200)
    )
    assert bundle(tmp_path / "out", Traced(exchange=fine, place=Place("log", 1, 0))) == []


def test_kinds_beyond_the_most_are_counted_and_not_kept(tmp_path: Path) -> None:
    made = Bundle(tmp_path / "out", most=1)
    for path in ("/feeds/2021-06-30/feeds/1", "/sellers/v1/marketplaceParticipations"):
        one = traced(path=path)
        made.add(one, diagnose(one.exchange))
    assert len(made.write()) == 1
    assert made.left_out == 1


def test_nothing_of_the_users_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(UnreadableInput, match="not empty"):
        Bundle(tmp_path)
