"""What is personal never gets out, in whatever form it was written; what support needs stays as it was."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.diagnosis.engine import diagnose
from recoup.diagnosis.explanation import explain
from recoup.exchange import Exchange, Headers, Request, Response
from recoup.redaction import facts, mask, redact_data, redact_text, redact_url

PERSON = {
    "Name": "Planta Plantova",
    "AddressLine1": "Plantstreet 17",
    "AddressLine2": "c/o Plantov",
    "City": "Planthausen",
    "StateOrRegion": "Plantland",
    "PostalCode": "PL4NT",
    "Phone": "0151 plant 12",
    "CountryCode": "DE",
}
BUYER = {"BuyerName": "Plantina", "BuyerEmail": "plant@plant.example", "giftMessageText": "Happy plant-day!"}


def xml(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())


def snake(name: str) -> str:
    out = "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
    return out.replace("line1", "line_1").replace("line2", "line_2")


ALL = PERSON | BUYER
FORMS = {
    "JSON": json.dumps({"ShippingAddress": PERSON, "BuyerInfo": BUYER}),
    "JSON, indented": json.dumps({"ShippingAddress": PERSON, "BuyerInfo": BUYER}, indent=2),
    "JSON in a string": json.dumps(json.dumps({"ShippingAddress": PERSON, "BuyerInfo": BUYER})),
    "JSON, names with a small letter": json.dumps({name[0].lower() + name[1:]: value for name, value in ALL.items()}),
    "Python": repr({"ShippingAddress": PERSON, "BuyerInfo": BUYER}),
    "Python, names of the SDK": repr({snake(name): value for name, value in ALL.items()}),
    "Ruby": "{" + ", ".join(f'"{name}"=>"{value}"' for name, value in ALL.items()) + "}",
    "Ruby, symbols": "{" + ", ".join(f':{snake(name)}=>"{value}"' for name, value in ALL.items()) + "}",
    "JavaScript": "{ "
    + ", ".join(f"{name[0].lower() + name[1:]}: '{value}'" for name, value in ALL.items()) + " }",
    "PHP, printed": "Array\n(\n" + "\n".join(f"    [{name}] => {value}" for name, value in ALL.items()) + "\n)",
    "PHP, dumped": "\n".join(f'["{name}"]=>\n  string({len(value)}) "{value}"' for name, value in ALL.items()),
    "Java": "class Address {\n"
    + "\n".join(f"    {name[0].lower() + name[1:]}: {value}" for name, value in ALL.items()) + "}",
    "XML": f"<ShippingAddress>{xml(PERSON)}</ShippingAddress>{xml(BUYER)}",
    "XML with prefixes": xml({f"ns2:{name}": value for name, value in ALL.items()}),
    "a form": urlencode({name: value for name, value in ALL.items() if name != "Phone"}),
    "a URL": "https://h/x?" + urlencode({name: value for name, value in ALL.items() if name != "Phone"}),
    "assignments": "\n".join(f"$address->{name} = '{value}';" for name, value in ALL.items()),
    "names and values apart": json.dumps(
        [{"name": name, "value": value} for name, value in ALL.items() if name != "Name"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_person_is_seen_in(form: str) -> None:
    text = FORMS[form]
    assert "plant" in text.lower()
    shown = redact_text(text)
    assert "plant" not in shown.lower().replace("planthausen=", "")
    assert "plant" not in redact_url(text).lower()
    assert redact_text(shown) == shown
    assert ("DE" in shown) == ("DE" in text)


def test_no_person_is_seen_in_data() -> None:
    shown = json.dumps(
        redact_data({"payload": {"ShippingAddress": PERSON, "BuyerInfo": BUYER, "phone": 4915123456789}})
    )
    assert "plant" not in shown.lower()
    assert "4915" not in shown
    assert '"CountryCode": "DE"' in shown


@pytest.mark.parametrize("form", FORMS)
def test_no_person_is_seen_in_a_diagnosis(form: str) -> None:
    text = FORMS[form]
    body = json.dumps({"errors": [{"code": "InvalidInput", "message": f"Invalid input: {text}", "details": text}]})
    answer = Response(status=400, headers=Headers({"x-amzn-RequestId": "R-1"}), body=body.encode())
    asked = Request(method="POST", url="https://h/x?" + urlencode(BUYER), body=text.encode())
    for given_ in (body, f"it failed with 400: {text}\n{body}", Exchange(request=asked, response=answer)):
        diagnosis = diagnose(given_)
        shown = json.dumps(diagnosis.as_dict(), ensure_ascii=False) + explain(diagnosis) + repr(diagnosis)
        assert "plant" not in shown.lower()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Atza|abc", "<access token, 8 characters>"),
        ("Atza|abc\n", "<access token, line break at 8, 9 characters>"),
        ("Atzr|a b", "<refresh token, blank at 6, 8 characters>"),
        ("Atc|a\x01", "<grantless token, control character at 5, 6 characters>"),
        ("Atza|\u00e9", "<access token, foreign character at 5, 6 characters>"),
        ("amzn1.oa2-cs.v1.x\ufeff", "<client secret, byte order mark at 17, 18 characters>"),
        ("Bearer abc", "<redacted, 10 characters>"),
    ],
)
def test_what_is_wrong_with_a_token_is_told_in_its_place(value: str, shown: str) -> None:
    assert mask(value) == shown


def test_facts_of_a_secret() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjQwMDAwMDB9.c2ln"
    assert facts(token).expires == 1764000000
    assert facts("a.b.c").expires is None
    same, other = facts("Atza|x", key=b"k"), facts("Atza|y", key=b"k")
    assert same.digest == facts("Atza|x", key=b"k").digest != other.digest
    assert same.digest != facts("Atza|x", key=b"l").digest
    assert facts("Atza|x").as_dict()["digest"] is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +49 151 23456789 now", "call <phone number> now"),
        ("call +1 (206) 555-0100.", "call <phone number>."),
        ("call 206-555-0100", "call <phone number>"),
        ("(206) 555-0100", "<phone number>"),
        ("Tel.: 0171 1234567", "Tel.: <phone number>"),
        ("phone number is 0171/1234567", "phone number is <phone number>"),
        ("sent to 12 Baker Street, London", "sent to <street address>, London"),
        ("sent to 1600 Pennsylvania Avenue NW", "sent to <street address> NW"),
        ("an die Lange Straße", "an die Lange Straße"),
        ("Hauptstraße 12a, 53111 Bonn", "<street address>, 53111 Bonn"),
        ("12 rue de Rivoli", "<street address>"),
        ("12 rue de la Paix", "<street address>"),
        ("a.b@c.example and d%40e.example", "<e-mail address> and <e-mail address>"),
        ("to jürgen.groß@example.de", "to <e-mail address>"),
        ("to иван@почта.example", "to <e-mail address>"),
        ("to a@m\u00fcller.example.", "to <e-mail address>."),
        (r'"hans.m\u00fcller@example.de"', '"<e-mail address>"'),
        (r'"first\nhans@example.de"', r'"first\<e-mail address>"'),
        ("to o'brien@example.com", "to <e-mail address>"),
        ("{'to':'brien@example.com'}", "{'to':'<e-mail address>'}"),
        ('{"buyer":{"name":"J. G.","id":7}}', '{"buyer":{"name":"<personal data>","id":7}}'),
        ('{"customer": {"name": "J. G."}}', '{"customer": {"name": "<personal data>"}}'),
        ('{"name": "J. G.", "email": "j@g.example"}', '{"name": "<personal data>", "email": "<e-mail address>"}'),
    ],
)
def test_what_is_personal_by_its_form(text: str, shown: str) -> None:
    assert redact_text(text) == shown


KEPT = (
    "Access to requested resource is denied.",
    "One or more required parameters missing",
    "Value 'USA' at 'shipmentRequestDetails.shipFromAddress.countryCode' failed to satisfy constraint",
    "Missing required parameter(s) from prescriptionDetail value: clinicId",
    "The field shippingAddress.addressLine1 is missing",
    "x-amzn-RequestId: 1c1e0f6e-1111-2222-3333-444455556666",
    "order 111-1234567-1234567 of ATVPDKIKX0DER",
    "2021-04-12T14:58:45+0000, 2021-04-12T14:58:45+02:00, 1700000000000",
    "20260101T000000Z",
    '{"marketplaceName": "Amazon.de", "storeName": "x", "carrierName": "DHL"}',
    '{"name": "x-amz-date", "value": "20260101T000000Z"}',
    '{"name": "createShipment", "code": "InvalidInput"}',
    '{"itemName": "Blue lamp", "brandName": "B", "productName": "P"}',
    '{"AmazonOrderId": "111-1234567-1234567", "CountryCode": "DE", "asin": "B00ELHZ6YI"}',
    '{"buyerInfo": null, "shippingAddress": {}, "phone": null, "city": ""}',
    "name: orders",
    "city: we do not know it",
    "the address: it was wrong",
    "phone: please call",
    "email: none was given",
    "GET /orders/v0/orders/111-1234567-1234567/address HTTP/1.1",
    "Host: sellingpartnerapi-eu.amazon.com",
    "SC_00005 403 429 500",
    "404 Not Found 500 Internal Server Error",
    "sku 123-456-78901 and lot 12.34.56",
    "127.0.0.1:8080 and 10.0.0.1",
    "version 2024-09-11, page 3 of 4",
    "https://sellingpartnerapi-eu.amazon.com/tokens/2021-03-01/restrictedDataToken",
    '{"restrictedResources":[{"path":"/orders/v0/orders","dataElements":["buyerInfo","shippingAddress"]}]}',
    "request took 0.213 s, retry after 3600",
    "signature a+12345678901/b==",
    "recipient is missing",
)


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert redact_text(text) == text
    assert redact_data({"message": text}) == {"message": text}


WORDS = st.sampled_from(
    ["name", "Name", "City", "phone", '"', "'", ":", "=>", "=", ",", "{", "}", "[", "]", "<", ">", "</", "\n", " ", "&",
     "\\",     "addressLine1", "value", "+49", "206-555-0100", "Baker Street", "12", "@", "x", "Atza|", "access_token",
     "a@b.de", "tel"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=5), max_size=40).map("".join))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(redact_text(text), str)


@pytest.mark.parametrize(
    "piece",
    ["name:", '"name": "', "city=", "<name>", "<city>x<", "+1", "123-", "tel ", "tel 1", "12 Baker ", "12 ", "A", "a@",
     "a.", "%40", '"name":"city","value":"', "phone ", "Xxstr", "12 rue ", "addressLine1", "city=>\n", "\\\\",
     "buyer ", '\\"city\\":\\"', "\\u00fc", "\\\\u00fc", "o'", "é@", "bearer a1", "basic ", "eyJaaaaaaaa.",
     "password:"],
)  # fmt: skip
def test_masking_takes_time_in_proportion_to_the_length(piece: str) -> None:
    """A million characters each: what takes time by the square would not end."""
    redact_text(piece * (1_000_000 // len(piece)) + " address")
