"""Reports 2021-06-30: made in the background, from IN_QUEUE over IN_PROGRESS to DONE, on the virtual clock.

A report cannot be read at once after createReport, nor its document before it is done: 404 at first, 200 later. The
document lies behind a presigned link that runs out after five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recoup.catalogue.facts.deprecations import Status, removed_type
from recoup.sandbox.general.checks import (
    body,
    found_nothing,
    instant,
    iso,
    malformed,
    marketplace,
    missing,
    number,
    one_of,
    text,
)
from recoup.sandbox.general.paging import make_token, read_token
from recoup.sandbox.general.state import General, Report
from recoup.sandbox.operation import OperationCall, Outcome, Refusal

__all__ = ["REPORTS", "REPORT_PATH", "report_document"]

REPORT_PATH = "/documents/reports/"
_STAMP = "%Y%m%dT%H%M%SZ"
_KIND = re.compile(r"[A-Z][A-Z0-9_]{3,99}", re.ASCII)
_ID = re.compile(r"\d{4,20}", re.ASCII)
_DOCUMENT_ID = re.compile(r"amzn1\.spdoc\.1\.[0-9a-f\-]{36}", re.ASCII)
_STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
_PAGE = 10  # documented default of getReports
_MOST = 100  # documented


def create_report(state: General, call: OperationCall) -> Outcome:
    """Ask for a report. 202: it is made later."""
    data = body(call)
    kind = text(data, "reportType")
    if _KIND.fullmatch(kind) is None:
        malformed("Report Type", kind, "a report type is a word in capitals")
    gone = removed_type(kind)
    if gone is not None and gone.status(datetime.fromtimestamp(call.now, UTC).date()) is Status.REMOVED:
        raise Refusal("other-feed-type-rejected", because=f"{kind} was removed on {gone.removed}", type=kind)
    places = data.get("marketplaceIds")
    if not isinstance(places, list) or not places or not all(isinstance(place, str) for place in places):
        missing("marketplaceIds")
    own = state.accounts.partners[call.merchant_id].marketplaces
    for place in places:
        if own and marketplace(place) not in own:
            malformed("Marketplace", place, "the selling partner does not sell in this marketplace")
    instant(data, "dataStartTime")
    instant(data, "dataEndTime")
    settings = state.settings
    report = Report(
        id=state.digits(11),
        document_id=f"amzn1.spdoc.1.{state.guid()}",
        merchant_id=call.merchant_id,
        kind=kind,
        marketplace_ids=list(places),
        created=call.now,
        visible=call.now + settings.report_visible_after,
        begins=call.now + settings.report_queue,
        done=call.now + settings.report_queue + settings.report_work,
        since=data.get("dataStartTime"),
        until=data.get("dataEndTime"),
    )
    state.reports[report.id] = report
    return Outcome(status=202, body={"reportId": report.id})


def get_report(state: General, call: OperationCall) -> Outcome:
    """How far a report is."""
    return Outcome(body=_view(_own(state, call), call.now))


def get_reports(state: General, call: OperationCall) -> Outcome:
    """The selling partner's reports, the newest first."""
    token, start = call.query.get("nextToken"), 0
    given = {name: value for name, value in call.query.items() if name != "nextToken"}
    query = given
    if token:
        if given:
            because = "nextToken came together with other arguments, which getReports does not allow"
            raise Refusal("400-invalid-next-token", because=because)
        query, start = read_token(state.seed, call.merchant_id, given, token)
    kinds = [kind for kind in query.get("reportTypes", "").split(",") if kind]
    if not kinds and not token:
        missing("reportTypes", "neither reportTypes nor nextToken is given")
    statuses = one_of(query, "processingStatuses", _STATUSES)
    size = number(query, "pageSize", _PAGE, _MOST)
    found = [
        report
        for report in reversed(state.reports.values())
        if report.merchant_id == call.merchant_id and report.kind in kinds and call.now >= report.visible
        if not statuses or _status(report, call.now) in statuses
    ]
    page = found[start : start + size]
    answer: dict[str, Any] = {"reports": [_view(report, call.now) for report in page]}
    if start + size < len(found):
        answer["nextToken"] = make_token(state.seed, call.merchant_id, query, start + size)
    return Outcome(body=answer)


def cancel_report(state: General, call: OperationCall) -> Outcome:
    """Cancel a report that has not begun. One that has is left as it is."""
    report = _own(state, call)
    if _status(report, call.now) == "IN_QUEUE":
        report.cancelled = call.now
    return Outcome()


def get_report_document(state: General, call: OperationCall) -> Outcome:
    """The link to a report's content, once there is one."""
    wanted = call.path["reportDocumentId"]
    if _DOCUMENT_ID.fullmatch(wanted) is None:
        malformed("Report Document", wanted, "not of the form that report document ids have")
    report = next((item for item in state.reports.values() if item.document_id == wanted), None)
    if report is None or report.merchant_id != call.merchant_id or report.cancelled is not None:
        found_nothing("no report of this selling partner has that document")
    if call.now < report.done:
        raise Refusal("404-premature-poll", because=f"the report is in work until {report.done}")
    stamp = datetime.fromtimestamp(call.now, UTC).strftime(_STAMP)
    expires = f"{state.settings.document_lifetime:.0f}"
    url = (
        f"{state.document_base}{REPORT_PATH}{report.id}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={stamp}"
        f"&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host&X-Amz-Signature={_sign(state, report.id, stamp, expires)}"
    )
    return Outcome(body={"reportDocumentId": report.document_id, "url": url})


def report_document(state: General, key: str, query: Mapping[str, str], now: float) -> bytes:
    """The content behind a presigned link: tab-separated text. Raises the refusals of document storage."""
    stamp, expires = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if not hmac.compare_digest(query.get("X-Amz-Signature", "").encode(), _sign(state, key, stamp, expires).encode()):
        raise Refusal("other-presigned-signature", because="the signature is not that of this link")
    begun = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    if now >= begun + float(expires):
        raise Refusal("other-presigned-url-expired", because="the link ran out")
    report = state.reports.get(key)
    if report is None:
        raise Refusal("other-presigned-url-expired", because="the report is not kept any more")
    if "ORDER" in report.kind:
        rows = [
            (order.id, iso(order.created), order.status, line.sku, str(line.quantity))
            for order in state.orders.values()
            if order.merchant_id == report.merchant_id and order.marketplace_id in report.marketplace_ids
            for line in order.lines
        ]
        head = ("amazon-order-id", "purchase-date", "order-status", "sku", "quantity")
    else:
        rows = [
            (item.sku, item.asin, item.product_type, iso(item.created), item.marketplace_id)
            for item in state.listings.values()
            if item.merchant_id == report.merchant_id and item.marketplace_id in report.marketplace_ids
            if not item.deleted
        ]
        head = ("seller-sku", "asin1", "product-type", "open-date", "marketplace-id")
    return "".join("\t".join(row) + "\r\n" for row in [head, *rows]).encode("utf-8")


def _own(state: General, call: OperationCall) -> Report:
    wanted = call.path["reportId"]
    if _ID.fullmatch(wanted) is None:
        malformed("Report", wanted, "a report id is a number")
    report = state.reports.get(wanted)
    if report is None or report.merchant_id != call.merchant_id:
        found_nothing("no report of this selling partner has that id")
    if call.now < report.visible:
        raise Refusal("404-premature-poll", because=f"the report cannot be read before {report.visible}")
    return report


def _status(report: Report, now: float) -> str:
    if report.cancelled is not None:
        return "CANCELLED"
    if now >= report.done:
        return "DONE"
    return "IN_PROGRESS" if now >= report.begins else "IN_QUEUE"


def _view(report: Report, now: float) -> dict[str, Any]:
    status = _status(report, now)
    view: dict[str, Any] = {
        "marketplaceIds": report.marketplace_ids,
        "reportId": report.id,
        "reportType": report.kind,
        "createdTime": iso(report.created),
        "processingStatus": status,
    }
    if report.since is not None:
        view["dataStartTime"] = report.since
    if report.until is not None:
        view["dataEndTime"] = report.until
    if status in ("IN_PROGRESS", "DONE"):
        view["processingStartTime"] = iso(report.begins)
    if status == "DONE":
        view["processingEndTime"] = iso(report.done)
        view["reportDocumentId"] = report.document_id
    return view


def _sign(state: General, key: str, stamp: str, expires: str) -> str:
    text_ = f"{key}|{stamp}|{expires}".encode()
    return hmac.new(f"reports of seed {state.seed}".encode(), text_, hashlib.sha256).hexdigest()


REPORTS = {
    "createReport": create_report,
    "getReport": get_report,
    "getReports": get_reports,
    "cancelReport": cancel_report,
    "getReportDocument": get_report_document,
}
