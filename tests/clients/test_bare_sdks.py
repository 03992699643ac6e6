"""What the three clients do by themselves, and what is left of it with recoup under them: the reasons for `clients`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from client_stages import STAGES, AmznSellingPartner, AmznSpApi, AsyncPythonAmazonSpApi, PythonAmazonSpApi, Stage

import recoup
from recoup.sandbox.serving import Sandbox, running

pytestmark = pytest.mark.sdk

SEEDS = count(1000)
HTML = "<html><head><title>400 Bad Request</title></head><body></body></html>"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(seed=next(SEEDS)) as opened:
        yield opened


@pytest.fixture
def shipment(sandbox: Sandbox) -> str:
    return str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"]))


@pytest.mark.parametrize("kind", [PythonAmazonSpApi, AsyncPythonAmazonSpApi], ids=lambda kind: kind.name)
@pytest.mark.parametrize(("status", "body"), [(400, HTML), (503, ""), (500, {"message": "Internal error"})])
def test_python_amazon_sp_api_takes_an_error_without_a_list_for_a_success(
    kind: type[PythonAmazonSpApi], sandbox: Sandbox, shipment: str, status: int, body: Any
) -> None:
    plan = {"script": [{"do": "status", "status": status, "body": body}], "repeat": True}
    with kind(sandbox, bare=True) as bare, kind(sandbox) as under:
        sandbox.plans.add(plan)
        assert bare.done(bare.made.get_shipment(shipment)).errors is None
        with pytest.raises(under.error):
            under.shipment(shipment)


def test_python_amazon_sp_api_knows_grantless_tokens_by_no_application(sandbox: Sandbox) -> None:
    cache = import_module(PythonAmazonSpApi.cache)
    with PythonAmazonSpApi(sandbox, bare=True) as bare:
        bare.destinations()
        assert len(cache.grantless_cache) == 1  # of the whole process, under the refresh token alone
    with PythonAmazonSpApi(sandbox) as under:
        under.destinations()
        under.shipment(str(sandbox.stage.add_shipment(location_id=sandbox.location_ids["MFN"])))
        assert (len(cache.grantless_cache), len(cache.cache)) == (0, 0)


def test_amzn_sp_api_asks_four_times_for_what_is_refused_for_good(
    sandbox: Sandbox, shipment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.stage.revoke_authorization()
    slept: list[float] = []
    with monkeypatch.context() as patched:
        patched.setattr("spapi.auth.lwa_request.time.sleep", slept.append)
        with pytest.raises(import_module("spapi.auth.lwa_exception").LwaException) as told:
            AmznSpApi(sandbox, bare=True)
    assert told.value.get_error_code() == "server_error"
    assert slept == [2, 4, 8]
    before = len(sandbox.recent(1000))
    assert before == 4
    with AmznSpApi(sandbox) as under:  # nothing is sent to make it
        with pytest.raises(under.refused) as caught:
            under.shipment(shipment)
        assert caught.value.get_error_code() == "invalid_grant"  # type: ignore[attr-defined]
    assert len(sandbox.recent(1000)) == before + 1


def test_amzn_sp_api_sends_a_put_again_in_silence(sandbox: Sandbox, shipment: str) -> None:
    cut = {"method": "PUT", "script": [{"do": "reset", "when": "after"}]}
    with AmznSpApi(sandbox, bare=True) as bare:
        bare.shipment(shipment)
        sandbox.plans.add(cut)
        with pytest.raises(bare.error):  # it hears of the second answer only
            bare.labels(shipment)
        assert len(bare.sent("PUT")) == 2
    with AmznSpApi(sandbox) as under:
        under.shipment(shipment)
        sandbox.plans.add(cut)
        with pytest.raises(import_module("urllib3.exceptions").HTTPError) as caught:
            under.labels(shipment)
        assert len(under.sent("PUT")) == 3
        made = recoup.outcome(caught.value)
        assert made is not None
        assert isinstance(made.decision, recoup.Resync)


def test_amzn_sp_api_leaks_a_log_handler_for_every_object_of_a_model(sandbox: Sandbox, shipment: str) -> None:
    configuration = import_module("spapi").Configuration
    known = configuration._default
    log = logging.getLogger("spapi")
    try:
        configuration.set_default(None)
        with AmznSpApi(sandbox, bare=True) as bare:
            before = len(log.handlers)
            bare.shipment(shipment)
            assert len(log.handlers) > before + 10
        with AmznSpApi(sandbox) as under:
            before = len(log.handlers)
            under.shipment(shipment)
            assert len(log.handlers) == before
    finally:
        configuration.set_default(known)
        log.handlers.clear()


def test_amzn_sp_api_attached_after_it_was_made_shares_its_client_with_all_operations(
    sandbox: Sandbox, shipment: str
) -> None:
    with AmznSpApi(sandbox, bare=True) as stage:
        attach = import_module("recoup.clients.amzn_sp_api").attach
        assert attach(stage.made, **stage.more) is stage.made
        sandbox.stage.revoke_access_tokens()
        stage.confirm(shipment)  # operations that were made before
        assert stage.shipment(shipment) == shipment
        assert stage.logins() == 2


def test_amzn_selling_partner_repeats_a_write_that_may_have_taken_effect(
    sandbox: Sandbox, shipment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = {"method": "POST", "path": "*/shipments/*", "script": [{"do": "status", "status": 500}], "repeat": True}
    with AmznSellingPartner(sandbox, bare=True) as bare, monkeypatch.context() as patched:
        patched.setattr("amzn_selling_partner.sdk._http.time.sleep", lambda _: None)
        sandbox.plans.add(failing)
        with pytest.raises(bare.error):
            bare.confirm(shipment)
        repeated = len(bare.sent("POST"))
        assert repeated > 1
    with AmznSellingPartner(sandbox) as under:
        with pytest.raises(under.error) as caught:
            under.confirm(shipment)
        assert len(under.sent("POST")) == repeated + 1
        with pytest.raises(recoup.ReadBack, match="getShipment"):
            recoup.raise_for_fault(caught.value)


@pytest.mark.parametrize("kind", [kind for kind in STAGES if "sp-api" not in kind.name], ids=lambda kind: kind.name)
def test_copies_of_amzn_selling_partner_have_recoup_under_them(
    kind: type[Stage], sandbox: Sandbox, shipment: str
) -> None:
    with kind(sandbox) as stage:
        copy = stage.made.http.with_options(default_headers={"x": "y"})
        assert copy.http_client is stage.made.http.http_client
        assert copy.max_retries == 0


def test_an_option_that_is_none_is_named_when_it_is_given(sandbox: Sandbox) -> None:
    for kind in STAGES:
        with pytest.raises(recoup.SettingsError, match="deadline"):
            kind(sandbox, deadline=-1.0)


def test_restricted_data_tokens_of_amzn_selling_partner_are_asked_for_by_the_same_road(sandbox: Sandbox) -> None:
    with_rdt = import_module("amzn_selling_partner.plugins.amazon_spapi").with_rdt
    with AmznSellingPartner(sandbox) as under:
        for _ in range(2):
            under.made.orders_v0.list_orders(
                marketplace_ids=[sandbox.marketplace_id],
                created_after="2020-01-01T00:00:00Z",
                request_options=with_rdt("buyerInfo"),
            )
        assert under.sent() == [200, 200, 200]  # one token for both
        assert under.logins() == 1


def test_amzn_sp_api_answers_with_http_info_carry_the_outcome(sandbox: Sandbox, shipment: str) -> None:
    with AmznSpApi(sandbox) as under:
        _, status, headers = under._read.get_shipment_with_http_info(shipment)
        made = recoup.outcome(headers)
        assert status == 200
        assert made is not None
        assert made.decision == recoup.Done()


def test_the_answer_of_python_amazon_sp_api_tells_which_items_failed(sandbox: Sandbox) -> None:
    inventory = import_module("sp_api.api").ExternalFulfillmentInventoryV20240911
    with PythonAmazonSpApi(sandbox) as under:
        made = under._client(inventory.__name__, bare=False)
        uri = f"/inventory/update?locationId={sandbox.location_ids['MFN']}&skuId=A"
        good = {"method": "POST", "uri": uri, "body": {"quantity": 1}}
        bad = {"method": "POST", "uri": uri, "body": {"quantity": -1}}
        outcome = recoup.outcome(made.batch_inventory(requests=[good, bad]))
        made.close()
        made._auth._transport.close()
    assert outcome is not None
    assert [(item.index, item.status) for item in outcome.failed_items] == [(1, 400)]
