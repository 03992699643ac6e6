"""What the tests of the general operations stand on: a whole world without sockets, and a caller of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from recoup.exchange import Headers, Request, Response
from recoup.sandbox.actions import Actions
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.general.settings import GeneralSettings
from recoup.sandbox.opening import open_world
from recoup.sandbox.settings import SandboxSettings

EPOCH = 1_800_000_000.0  # 2027-01-15T08:00:00Z
US, CANADA, BRAZIL, GERMANY = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A2Q3Y263D00KWC", "A1PA6795UKMFR9"
NOTIFICATIONS = "sellingpartnerapi::notifications"


class House:
    """A world as the sandbox opens it, its clock and its stage."""

    def __init__(
        self, *, seed: int = 1, epoch: float = EPOCH, general: GeneralSettings | None = None, exposed: bool = False
    ) -> None:
        self.clock = VirtualClock(epoch, frozen=True)
        settings = SandboxSettings(general=general or GeneralSettings())
        self.opened = open_world(seed=seed, clock=self.clock, settings=settings, exposed=exposed)
        self.world = self.opened.world
        self.stage = Actions(self.world.lock, lambda: self.opened.stages, self.clock.now)

    @property
    def merchant(self) -> str:
        return self.opened.principal.partner.merchant_id

    def login(self, **fields: str) -> Response:
        application = self.opened.principal.application
        form = {"client_id": application.client_id, "client_secret": application.secrets[0].value, **fields}
        headers = Headers({"content-type": "application/x-www-form-urlencoded"})
        request = Request(method="POST", url="/auth/o2/token", headers=headers, body=urlencode(form).encode())
        answer = self.world.handle(request, "NA")
        assert isinstance(answer, Response)
        return answer

    def token(self, refresh_token: str | None = None) -> str:
        value = refresh_token or self.opened.principal.authorization.refresh_token
        return str(decoded(self.login(grant_type="refresh_token", refresh_token=value))["access_token"])

    def grantless(self, scope: str = NOTIFICATIONS) -> str:
        return str(decoded(self.login(grant_type="client_credentials", scope=scope))["access_token"])

    def send(
        self,
        method: str,
        target: str,
        *,
        body: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        fields = {"x-amz-access-token": token or self.token(), **(headers or {})}
        content = b"" if body is None else json.dumps(body).encode()
        answer = self.world.handle(Request(method=method, url=target, headers=Headers(fields), body=content), "NA")
        assert isinstance(answer, Response)
        return answer

    def get(self, path: str, *, token: str | None = None, **query: str) -> Response:
        """Read, with every query value encoded once."""
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        return self.send("GET", target, token=token)

    def why(self, response: Response) -> str:
        """The fault that the trail names; 'none' for a proper answer."""
        trail = self.world.trail(response.headers.get("x-amzn-requestid") or "")
        assert trail is not None
        return str(trail["fault"]) if trail["fault"] is not None else "none"


def decoded(response: Response) -> Any:
    return json.loads(response.body)
