"""Where log lines keep what: the names that loggers give to the parts of an exchange, and values as they write them.

A place is written with dots, `response.status_code`: an object in an object, or one key with dots in it. `--field
status=response.code` puts a place of one's own before those known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from recoup.errors import UnreadableInput

__all__ = ["PARTS", "Fields", "parsed"]

Fields = Mapping[str, tuple[str, ...]]
"""From a part to the places where it may stand, the first that holds something wins."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# As structlog, python-json-logger, pino, bunyan, winston, ECS, OpenTelemetry, nginx, CloudWatch and recoup write them.
PARTS: Fields = MappingProxyType(
    {
        "status": _words(
            "status status_code statusCode http_status httpStatus http_status_code httpStatusCode response_status "
            "responseStatus response_code responseCode res.statusCode res.status response.status response.status_code "
            "response.statusCode response.code resp.status resp.status_code http.response.status_code http.status_code "
            "http.response.status http.status attributes.http.response.status_code attributes.http.status_code "
            "err.response.status err.status err.statusCode error.response.status error.status error.statusCode "
            "error.status_code context.status context.status_code data.status extra.status extra.status_code"
        ),
        "method": _words(
            "method http_method httpMethod request_method requestMethod verb req.method request.method "
            "http.request.method http.method attributes.http.request.method attributes.http.method config.method "
            "err.config.method error.config.method context.method data.method extra.method"
        ),
        "url": _words(
            "url uri request_url requestUrl request_uri requestUri endpoint req.url req.originalUrl request.url "
            "request.uri url.full url.original http.url http.target attributes.url.full attributes.http.url config.url "
            "err.config.url error.config.url context.url data.url extra.url full_url target path request.path req.path "
            "url.path http.path http.route request_path requestPath attributes.url.path route"
        ),
        "host": _words(
            "host hostname_requested server.address url.domain req.headers.host request.host req.host "
            "attributes.server.address http.host"
        ),
        "query": _words("query query_string queryString params request.query req.query url.query request.params"),
        "time": _words(
            "at timestamp time @timestamp ts datetime date asctime startedDateTime sent_at started_at request_time_utc "
            "timeUnixNano eventTime instant"
        ),
        "elapsed": _words(
            "elapsed seconds duration_s duration elapsed_seconds latency responseTime response_time duration_ms "
            "elapsed_ms latency_ms took event.duration request_time"
        ),
        "seller": _words(
            "seller seller_id sellerId merchant_id merchantId selling_partner_id sellingPartnerId merchant "
            "context.seller_id labels.seller extra.seller_id account"
        ),
        "application": _words("application application_id applicationId client_id clientId app_id lwa_app_id"),
        "operation": _words("operation operation_id operationId api_operation operationName"),
        "request_headers": _words(
            "request_headers requestHeaders req.headers request.headers http.request.headers config.headers "
            "err.config.headers error.config.headers"
        ),
        "request_body": _words(
            "request_body requestBody req.body request.body request.data http.request.body.content config.data "
            "err.config.data error.config.data payload"
        ),
        "response_headers": _words(
            "response_headers responseHeaders res.headers res.header response.headers resp.headers "
            "http.response.headers err.response.headers error.response.headers headers"
        ),
        "response_body": _words(
            "response_body responseBody res.body response.body response.data response.content response.text resp.body "
            "http.response.body.content err.response.data error.response.data err.response.body error.response.body "
            "response_text responseText response_data body data response errors"
        ),
        "request_id": _words(
            "request_id requestId amzn_request_id x-amzn-RequestId x_amzn_requestid amznRequestId aws_request_id "
            "amazon_request_id http.request.id"
        ),
        "error": _words(
            "error err exception exc_info error.message err.message error.stack_trace exception.message stack "
            "error_message errorMessage"
        ),
        "message": _words("message msg event log text short_message @message"),
        "level": _words("level levelname severity log.level log_level lvl"),
    }
)


def parsed(options: Iterable[str]) -> Fields:
    """The table with the places of `name=place` options before its own. Raises UnreadableInput for an unknown name."""
    table = dict(PARTS)
    for option in options:
        name, equals, place = (part.strip() for part in option.partition("="))
        if not equals or not place or name not in PARTS:
            known = ", ".join(PARTS)
            raise UnreadableInput(
                f"--field {option}: it is written NAME=PLACE, as in status=response.code; the names are {known}"
            )
        table[name] = (place, *table[name])
    return MappingProxyType(table)


def held(record: Mapping[str, Any], place: str) -> Any:
    """What `record` holds at a place; None where there is nothing."""
    found = record.get(place)
    if found is not None or "." not in place:
        return found
    value: Any = record
    rest = place
    while rest:
        if not isinstance(value, dict):
            return None
        if rest in value:
            return value[rest]
        name, _, rest = rest.partition(".")
        value = value.get(name)
    return value


def first_held(record: Mapping[str, Any], places: Iterable[str]) -> Any:
    """What stands at the first of `places` that holds something; None where none does."""
    for place in places:
        found = held(record, place)
        if found is not None and found != "":
            return found
    return None
