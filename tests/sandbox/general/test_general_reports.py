"""Reports: made in the background on the virtual clock, and a document behind a link that runs out."""

from __future__ import annotations

from typing import Any

import pytest
from general_world import GERMANY, US, House, decoded

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.general.reports import REPORT_PATH

REPORTS = "/reports/2021-06-30/reports"
LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"


def create(house: House, **changes: Any) -> Response:
    body = {"reportType": LISTINGS, "marketplaceIds": [US], **changes}
    return house.send("POST", REPORTS, body={name: value for name, value in body.items() if value is not None})


def made(house: House, **changes: Any) -> str:
    answer = create(house, **changes)
    assert answer.status == 202
    return str(decoded(answer)["reportId"])


def status(house: House, report: str) -> str:
    answer = house.get(f"{REPORTS}/{report}")
    return str(decoded(answer)["processingStatus"]) if answer.status == 200 else house.why(answer)


def test_a_report_goes_its_way_by_itself() -> None:
    house = House()
    report = made(house)
    seen = [(0, status(house, report))]
    for at in (1, 2, 14, 15, 59, 60):
        house.clock.advance(at - seen[-1][0])
        seen.append((at, status(house, report)))
    assert seen == [
        (0, "404-premature-poll"),
        (1, "404-premature-poll"),
        (2, "IN_QUEUE"),
        (14, "IN_QUEUE"),
        (15, "IN_PROGRESS"),
        (59, "IN_PROGRESS"),
        (60, "DONE"),
    ]


def document(house: House, url: str) -> Response:
    target = url.partition("://")[2].partition("/")[2]
    request = Request(method="GET", url=f"/{target}", headers=Headers(), body=b"")
    return house.opened.pages[REPORT_PATH](request, "127.0.0.1")


def finished(house: House) -> dict[str, Any]:
    report = made(house)
    house.clock.advance(60)
    found: dict[str, Any] = decoded(house.get(f"{REPORTS}/{report}"))
    return found


def test_the_document_is_tab_separated_text_for_five_minutes() -> None:
    house = House()
    link = decoded(house.get(f"/reports/2021-06-30/documents/{finished(house)['reportDocumentId']}"))
    answer = document(house, link["url"])
    lines = answer.body.decode().splitlines()
    assert (answer.status, lines[0].split("\t")[0]) == (200, "seller-sku")
    assert [line.split("\t")[0] for line in lines[1:]] == ["SANDBOX-SKU-1", "SANDBOX-SKU-2", "SANDBOX/SKU 3"]
    house.clock.advance(299)
    assert document(house, link["url"]).status == 200
    house.clock.advance(1)
    expired = document(house, link["url"])
    assert expired.status == 403
    assert b"expired" in expired.body
    assert document(house, link["url"].replace("X-Amz-Expires=300", "X-Amz-Expires=9999")).status == 403


def test_an_order_report_lists_orders() -> None:
    house = House()
    report = made(house, reportType="GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL")
    house.clock.advance(60)
    wanted = decoded(house.get(f"{REPORTS}/{report}"))["reportDocumentId"]
    link = decoded(house.get(f"/reports/2021-06-30/documents/{wanted}"))
    assert document(house, link["url"]).body.startswith(b"amazon-order-id\t")


def test_a_document_of_a_report_in_work_is_not_there_yet() -> None:
    house = House()
    report = made(house)
    wanted = house.opened._general.state.reports[report].document_id
    early = house.get(f"/reports/2021-06-30/documents/{wanted}")
    assert house.why(early) == "404-premature-poll"
    house.clock.advance(60)
    assert house.why(house.get(f"/reports/2021-06-30/documents/{wanted}")) == "none"


BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "none"),
    ({"dataStartTime": "2026-01-01T00:00:00Z"}, "none"),
    ({"dataStartTime": "01/31/2026"}, "400-invalid-date-format"),
    ({"dataEndTime": 5}, "400-invalid-date-format"),
    ({"reportType": None}, "400-missing-required-field"),
    ({"reportType": "a report"}, "400-wrong-identifier"),
    ({"marketplaceIds": None}, "400-missing-required-field"),
    ({"marketplaceIds": []}, "400-missing-required-field"),
    ({"marketplaceIds": ["US"]}, "400-wrong-identifier"),
    ({"marketplaceIds": [GERMANY]}, "400-wrong-identifier"),
]


@pytest.mark.parametrize(("changes", "fault"), BODIES, ids=str)
def test_what_is_asked_for(changes: dict[str, Any], fault: str) -> None:
    house = House()
    assert house.why(create(house, **changes)) == fault


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (f"{REPORTS}/12345678901", "404-unavailable-id"),
        (f"{REPORTS}/badReportId1", "400-wrong-identifier"),
        ("/reports/2021-06-30/documents/badDocumentId1", "400-wrong-identifier"),
        (
            "/reports/2021-06-30/documents/amzn1.spdoc.1.00000000-0000-0000-0000-000000000000",
            "404-unavailable-id",
        ),
    ],
)
def test_a_report_that_is_not_there(path: str, fault: str) -> None:
    house = House()
    assert house.why(house.get(path)) == fault


def test_a_report_in_the_queue_can_be_cancelled_and_one_in_work_cannot() -> None:
    house = House()
    report, other = made(house), made(house)
    house.clock.advance(2)
    assert house.send("DELETE", f"{REPORTS}/{report}").status == 200
    house.clock.advance(13)
    assert house.send("DELETE", f"{REPORTS}/{other}").status == 200
    house.clock.advance(60)
    assert (status(house, report), status(house, other)) == ("CANCELLED", "DONE")


def test_reports_are_listed_by_type_the_newest_first() -> None:
    house = House()
    reports = []
    for _ in range(3):
        reports.append(made(house))
        house.clock.advance(60)
    first = decoded(house.get(REPORTS, reportTypes=LISTINGS, pageSize="2"))
    assert [report["reportId"] for report in first["reports"]] == [reports[2], reports[1]]
    rest = decoded(house.get(REPORTS, nextToken=first["nextToken"]))
    assert [report["reportId"] for report in rest["reports"]] == [reports[0]]
    both = house.get(REPORTS, reportTypes=LISTINGS, pageSize="2", nextToken=first["nextToken"])
    assert house.why(both) == "400-invalid-next-token"  # getReports takes its token alone
    assert house.why(house.get(REPORTS)) == "400-missing-required-field"
