"""Notifications that concern tokens, in every form in which they arrive."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.errors import UnreadableInput
from recoup.login.notice import NewSecret, OtherNotice, SecretExpiry, StandingChanged, read_notice

SECRET = "amzn1.oa2-cs.v1.planted-new-secret"


def notification(kind: str, payload: dict[str, Any], **metadata: str) -> dict[str, Any]:
    return {
        "notificationVersion": "1.0",
        "notificationType": kind,
        "payloadVersion": "2021-01-01",
        "eventTime": "2026-11-23T10:00:00Z",
        "payload": payload,
        "notificationMetadata": {"applicationId": "amzn1.sellerapps.app.1", "subscriptionId": "s-1", **metadata},
    }


STANDING = notification(
    "ACCOUNT_STATUS_CHANGED",
    {"accountStatusChangeNotification": {"previousAccountStatus": "DEACTIVATED", "currentAccountStatus": "NORMAL"}},
)
NORMAL_AGAIN = StandingChanged(current="NORMAL", previous="DEACTIVATED", subscription_id="s-1")
NEW_SECRET = notification(
    "APPLICATION_OAUTH_CLIENT_NEW_SECRET",
    {
        "applicationOAuthClientNewSecret": {
            "clientId": "amzn1.application-oa2-client.1",
            "newClientSecret": SECRET,
            "newClientSecretExpiryTime": "2027-05-22T00:00:00Z",
            "oldClientSecretExpiryTime": "2026-11-30T00:00:00.000Z",
        }
    },
)
EXPIRY = notification(
    "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY",
    {
        "applicationOAuthClientSecretExpiry": {
            "clientId": "amzn1.application-oa2-client.1",
            "clientSecretExpiryTime": "2027-01-01T00:00:00Z",
            "clientSecretExpiryReason": "PERIODIC_ROTATION",
        }
    },
)


def capitals(value: Any) -> Any:
    """The same with every field name written with a capital, as some types have it."""
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: capitals(item) for name, item in value.items()}
    return value


FORMS = [
    ("parsed", STANDING),
    ("text", json.dumps(STANDING)),
    ("bytes", json.dumps(STANDING).encode()),
    ("with capitals", capitals(STANDING)),
    ("a message of the queue", {"MessageId": "1", "ReceiptHandle": "x", "Body": json.dumps(STANDING)}),
    ("a record of a function", {"messageId": "1", "body": json.dumps(STANDING), "eventSource": "aws:sqs"}),
    ("through a topic", {"Body": json.dumps({"Type": "Notification", "Message": json.dumps(STANDING)})}),
    ("an event", {"version": "0", "detail-type": "ACCOUNT_STATUS_CHANGED", "detail": STANDING}),
    ("an event in a queue", json.dumps({"Body": json.dumps({"detail-type": "x", "detail": capitals(STANDING)})})),
]


@pytest.mark.parametrize("form", [form for _, form in FORMS], ids=[name for name, _ in FORMS])
def test_every_form_of_the_same_notification_is_read_alike(form: Any) -> None:
    assert read_notice(form) == NORMAL_AGAIN


def test_a_new_secret_with_its_ends() -> None:
    assert read_notice(NEW_SECRET) == NewSecret(
        client_id="amzn1.application-oa2-client.1",
        client_secret=SECRET,
        expires_at=1_810_944_000.0,
        old_ends_at=1_795_996_800.0,
    )


def test_the_expiry_of_a_secret() -> None:
    assert read_notice(EXPIRY) == SecretExpiry(client_id="amzn1.application-oa2-client.1", expires_at=1_798_761_600.0)


def test_another_type_is_named_and_left_alone() -> None:
    other = notification("EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE", {})
    assert read_notice(other) == OtherNotice(type="EXTERNAL_FULFILLMENT_SHIPMENT_STATUS_CHANGE")


def test_an_account_that_the_notification_names_is_read() -> None:
    named = notification(
        "ACCOUNT_STATUS_CHANGED",
        {"accountStatusChangeNotification": {"currentAccountStatus": "AT_RISK", "sellerId": "A1B2"}},
    )
    found = read_notice(named)
    assert isinstance(found, StandingChanged)
    assert (found.current, found.seller) == ("AT_RISK", "A1B2")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("", "no notification"),
        ("{", "no notification"),
        ("[]", "no notification"),
        ({}, "no notification"),
        ({"detail": {"a": 1}}, "no notification"),
        ({"Body": "<xml/>"}, "no notification"),
        (notification("ACCOUNT_STATUS_CHANGED", {}), "no payload.accountStatusChangeNotification"),
        (
            notification("ACCOUNT_STATUS_CHANGED", {"accountStatusChangeNotification": {}}),
            "no currentAccountStatus",
        ),
        (
            notification(
                "APPLICATION_OAUTH_CLIENT_NEW_SECRET",
                {"applicationOAuthClientNewSecret": {"newClientSecret": SECRET}},
            ),
            "no clientId",
        ),
        (
            notification(
                "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY",
                {"applicationOAuthClientSecretExpiry": {"clientId": "x", "clientSecretExpiryTime": "soon"}},
            ),
            "no clientSecretExpiryTime",
        ),
    ],
)
def test_what_is_none_is_refused_with_what_is_missing_and_no_value(raw: Any, text: str) -> None:
    with pytest.raises(UnreadableInput, match=text) as caught:
        read_notice(raw)
    assert SECRET not in str(caught.value)


def test_a_repr_shows_no_secret() -> None:
    assert "planted" not in repr(read_notice(NEW_SECRET))


@given(
    st.recursive(
        st.none() | st.text(max_size=30) | st.integers() | st.binary(max_size=20),
        lambda inner: st.dictionaries(
            st.sampled_from(["notificationType", "payload", "Body", "detail", "Message", "NotificationType"]), inner
        ),
        max_leaves=12,
    )
)
def test_anything_is_a_notice_or_refused(raw: Any) -> None:
    with contextlib.suppress(UnreadableInput):
        read_notice(raw)
