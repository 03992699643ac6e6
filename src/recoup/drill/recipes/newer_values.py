"""A success in which a generated client would read null."""

from __future__ import annotations

from typing import Any

from recoup.drill.order import Order
from recoup.drill.recipe import Act, Retried, recipe
from recoup.drill.stage import Reply, Stage

__all__: list[str] = []

_NEW = "AWAITING_CUSTOMS"


def _status(reply: Reply) -> tuple[int, Any]:
    return reply.status, {"status": reply.json()["status"]}


@recipe("null-enum", expects=Retried(sends=1))
def a_status_that_is_newer_than_the_model(stage: Stage) -> Act:
    order = Order(stage)
    stage.sandbox.stage.add_enum_value(order.id, _NEW)
    return Act(
        cause="Amazon gave shipments a status that the published model does not list. The call itself succeeds.",
        send=order.read,
        mend=lambda: stage.sandbox.stage.remove_enum_value(order.id),
        proper=200,
        parameters={"value": _NEW},
        picks=_status,
    )
