"""recoup under amzn-selling-partner, its synchronous and its asynchronous clients.

    client = SellingPartner(marketplace=Marketplace.US, client_id=…, client_secret=…, refresh_token=…)
    recoup.clients.amzn_selling_partner.attach(client)
    client.orders_v0.list_orders(…)  # raises the client's own exceptions; `recoup.outcome(error)` says more

By itself this client repeats by the status alone: a 500 of a write that may have taken effect, an InternalFailure that
is permanent; it keeps a refused token until its hour is over, and fetches one again for each new client. None of it
happens any more. Its restricted data tokens stay its own. Where parts of a request failed inside a success, the answer
carries the outcome, so that `recoup.outcome(answer)` and `recoup.raise_for_fault(answer)` say which.
"""
# ruff: noqa: SLF001  the auth and transport of a client that was made already are not public

from __future__ import annotations

from functools import cache
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any, TypeVar, Unpack

from recoup.clients.httpx_layer import put_under
from recoup.clients.sharing import Credentials, More, layer
from recoup.errors import FaultError
from recoup.transports.outcome import KEY, outcome

__all__ = ["attach"]

C = TypeVar("C")


def attach(client: C, **more: Unpack[More]) -> C:
    """Put recoup under one client of amzn-selling-partner, and return it. See `recoup.clients.sharing.More`.

    Its own retries and its own pacing are switched off: there is one owner of both. Clients with the same credentials
    share their token and their quotas. Raises SettingsError where an option or a credential cannot be what it should
    be.
    """
    http: Any = client.http  # type: ignore[attr-defined]
    auth = http.auth
    if getattr(auth, "credentials", None) is None:
        raise TypeError("this client has no credentials of Login with Amazon: give it client_id and client_secret")
    own = auth.credentials
    under = layer(
        Credentials(client_id=own.client_id, client_secret=own.client_secret, refresh_token=own.refresh_token),
        more,
        token_url=auth.token_url,
        host=http.base_url,
    )
    kind: Any = type(http)
    http.__class__ = _telling(kind)  # not a method of this one alone: `with_options` makes copies of the class
    http._options.update(max_retries=0, throttle=False)  # for the copies that `with_options` makes
    http._max_retries = 0
    http._throttle_enabled, http._throttler = False, None
    is_async = iscoroutinefunction(type(http).request)
    put_under(http._http(), under, _as_theirs, is_async=is_async)
    auth.access_token = _no_token_async if is_async else _no_token
    auth._http = http._http()  # restricted data tokens are asked for by the same road
    return client


@cache
def _telling(kind: Any) -> Any:
    """The same class of the client's HTTP layer, whose answers carry the outcome where it is not an entire success."""
    if hasattr(kind, "_recoup"):
        return kind

    class Telling(kind):  # type: ignore[misc]
        _recoup = True

        def _decode(self, ctx: Any, response: Any, *how: Any) -> Any:
            answer = super()._decode(ctx, response, *how)
            made, fields = outcome(response), getattr(answer, "__dict__", None)
            if made is not None and made.diagnosis is not None and isinstance(fields, dict):
                fields[KEY] = made  # beside the model's own, like a cached property: dumps do not show it
            return answer

    Telling.__name__, Telling.__qualname__, Telling.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    return Telling


def _no_token(*, scopes: tuple[str, ...] = ()) -> str:
    """Empty: the transport puts one in, for the seller or for the scope."""
    return ""


async def _no_token_async(*, scopes: tuple[str, ...] = ()) -> str:
    return ""


def _as_theirs(error: FaultError, request: Any) -> Exception:
    """The client's own exception where Login with Amazon refused; everything else as it is."""
    if error.fault is None or not error.fault.startswith("lwa-"):
        return error
    said = error.diagnosis
    body = {"error": said.get("code"), "error_description": said.get("message")}
    response = import_module("httpx2").Response(said.get("http_status") or 400, json=body, request=request)
    kind = import_module("amzn_selling_partner").AuthenticationError
    theirs: Exception = kind(str(error), response=response, body=body, request_id=error.request_id)
    return theirs
