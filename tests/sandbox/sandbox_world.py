"""What the tests of the front door stand on: a world without sockets, a plain service behind it, and a caller."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from recoup.catalogue.loader import catalogue
from recoup.exchange import Headers, Request, Response
from recoup.sandbox.accounts import ROLES
from recoup.sandbox.answers import Answers
from recoup.sandbox.clock import VirtualClock
from recoup.sandbox.login import KNOWN_SCOPES
from recoup.sandbox.operation import OperationCall, Outcome, Working
from recoup.sandbox.parts import Mounted, Pending
from recoup.sandbox.settings import SandboxSettings
from recoup.sandbox.stage import AccountStage, Principal
from recoup.sandbox.world import World

EPOCH = 1_800_000_000.0
SHIPMENTS = "/externalFulfillment/2024-09-11/shipments"
FORM = "application/x-www-form-urlencoded"
CATALOGUE = catalogue()


class Echo:
    """A service that says what it was asked, and takes as long as it is told to."""

    def __init__(self) -> None:
        self.calls: list[OperationCall] = []
        self.finished: list[float] = []
        self.seconds = 0.0
        self.broken = False

    def handle(self, call: OperationCall) -> Outcome | Working:
        self.calls.append(call)
        if self.broken and not self.seconds:
            raise KeyError("a mistake")
        if call.operation == "processShipment":
            if not self.seconds:
                return Outcome(status=204)
            return Working(seconds=self.seconds, finish=self._finish)
        return Outcome(body={"path": dict(call.path), "query": dict(call.query), "body": call.body})

    def _finish(self, now: float) -> Outcome:
        self.finished.append(now)
        if self.broken:
            raise KeyError("a mistake")
        return Outcome(status=204)


class Hall:
    """A world with one application, one seller and an `Echo` where External Fulfillment would be."""

    def __init__(self, *, seed: int = 1, settings: SandboxSettings | None = None, epoch: float = EPOCH) -> None:
        self.echo = Echo()
        self.clock = VirtualClock(epoch, frozen=True)
        operations = frozenset({"getShipments", "getShipment", "processShipment", "createPackages"})

        def services(world: World) -> tuple[Mounted, ...]:
            now = world.clock.now()
            application = world.accounts.new_application(now, set(ROLES), set(KNOWN_SCOPES))
            partner = world.accounts.new_partner("seller", "NA", ["ATVPDKIKX0DER"])
            self.principal = Principal(application, partner, world.accounts.authorize(application, partner, now))
            return (Mounted("/externalFulfillment/", operations, self.echo),)

        self.world = World(
            seed=seed, clock=self.clock, settings=settings, answers=Answers(CATALOGUE), services=services
        )

    @property
    def stage(self) -> AccountStage:
        return AccountStage(self.world, self.principal)

    def login(self, *, content_type: str = FORM, method: str = "POST", **fields: str) -> Response:
        form = {
            "client_id": self.principal.application.client_id,
            "client_secret": self.principal.application.secrets[0].value,
            **fields,
        }
        return self.send(
            method,
            "/auth/o2/token",
            body=urlencode({name: value for name, value in form.items() if value != "-"}).encode(),
            headers={"content-type": content_type},
            token=None,
        )

    def token(self, refresh_token: str | None = None) -> str:
        value = refresh_token or self.principal.authorization.refresh_token
        return str(data(self.login(grant_type="refresh_token", refresh_token=value))["access_token"])

    def grantless(self, scope: str) -> str:
        return str(data(self.login(grant_type="client_credentials", scope=scope))["access_token"])

    def send(
        self,
        method: str,
        target: str,
        *,
        token: str | None = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        region: str = "NA",
    ) -> Response:
        """One call whose answer comes at once. `token` '' fetches one, None sends none."""
        result = self.begin(method, target, token=token, body=body, headers=headers, region=region)
        assert isinstance(result, Response)
        return result

    def begin(
        self,
        method: str,
        target: str,
        *,
        token: str | None = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        region: str = "NA",
    ) -> Response | Pending:
        fields = dict(headers or {})
        if token is not None:
            fields["x-amz-access-token"] = token or self.token()
        request = Request(method=method, url=target, headers=Headers(fields), body=body)
        return self.world.handle(request, region)

    def why(self, response: Response) -> str:
        """The fault that the trail names for this response."""
        trail = self.world.trail(response.headers.get("x-amzn-requestid") or "")
        assert trail is not None
        return str(trail["fault"])


def data(response: Response) -> dict[str, object]:
    decoded = msgspec.json.decode(response.body)
    assert isinstance(decoded, dict)
    return decoded
