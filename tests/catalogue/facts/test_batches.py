"""Which operation asks for many of the same in one request."""

from __future__ import annotations

from recoup.catalogue.facts.operations import operations

TABLE = operations()
BATCHED = [item for item in TABLE.items if item.batch is not None]


def test_the_ones_that_sellers_need_most_are_known() -> None:
    known = {item.id: item.batch.operation.rpartition("/")[2] for item in BATCHED if item.batch is not None}
    assert known["getItemOffers"] == "getItemOffersBatch"
    assert known["getListingOffers"] == "getListingOffersBatch"
    assert known["getCatalogItem"] == "searchCatalogItems"
    assert known["createRestrictedDataToken"] == "createRestrictedDataToken"


def test_each_names_an_operation_and_no_more_items_than_that_takes() -> None:
    for item in BATCHED:
        assert item.batch is not None
        api, version, name = item.batch.operation.split("/")
        twin = TABLE.get(name, api, version)
        assert twin is not None, item.key
        assert not twin.deprecated or item.deprecated, item.key
        if item.batch.by in twin.max_items:
            assert item.batch.items == twin.max_items[item.batch.by], item.key
