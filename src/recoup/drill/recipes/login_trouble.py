"""Trouble at Login with Amazon that no caller causes."""

from __future__ import annotations

from recoup.drill.recipe import Act, GivesUp, Retried, recipe
from recoup.drill.stage import Stage

__all__: list[str] = []


def _trouble(stage: Stage, kind: str, cause: str) -> Act:
    stage.sandbox.stage.login_outage(0.4, kind)
    return Act(
        cause=cause,
        send=lambda caller: caller.login(grant_type="refresh_token", refresh_token=stage.sandbox.refresh_token),
        mend=lambda: stage.sandbox.clock.advance(1.0),
        proper=200,
    )


@recipe("lwa-server-error", expects=Retried(sends=2), basis="code")
def login_fails_inside(stage: Stage) -> Act:
    return _trouble(stage, "internal", "Login with Amazon fails internally for a moment.")


@recipe("lwa-rate-limited", expects=Retried(sends=2), basis="code")
def login_is_asked_too_often(stage: Stage) -> Act:
    return _trouble(stage, "throttled", "Login with Amazon is asked for tokens too often for a moment.")


@recipe("lwa-html-or-non-json", expects=GivesUp(fix="change-endpoint", who="developer"), basis="status")
def something_on_the_way_answers(stage: Stage) -> Act:
    return _trouble(stage, "intercepted", "Something between the program and Login with Amazon answers with a page.")
