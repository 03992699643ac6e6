"""What an entry of the catalogue says: the shape of one `[[fault]]` block, and the closed sets that its fields draw
from.

The two documents, the facts behind them and Amazon's models are the source of every value; the TOML files under
`faults/` hold the values, one file a source. `docs/reference/faults.md` is generated from them.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from recoup.catalogue.template import Template, compile_template

__all__ = [
    "Action",
    "Answer",
    "BodyKind",
    "Check",
    "Contradiction",
    "Fault",
    "Kind",
    "Mark",
    "Message",
    "MessageField",
    "Recovery",
    "Remedy",
    "ResyncTarget",
    "RetryClass",
    "Sign",
    "Source",
    "Variant",
    "WaitSubject",
    "Where",
    "Who",
]

_TYPE = re.compile(r"\{(\w+):\w+\}")


class Kind(StrEnum):
    """Where a fault stands in the documents."""

    CAUSE = "cause"  # one of the 68 that the two documents name
    FALLBACK = "fallback"  # the status and short-code tables of External Fulfillment
    TROUBLESHOOTING = "troubleshooting"  # the numbered steps under the tables
    LOGIN = "login"  # Login with Amazon's own answers
    HISTORIC = "historic"  # documented once, no longer reachable
    BEYOND = "beyond"  # real, but in neither document


class Where(StrEnum):
    """Who raises it."""

    EXTERNAL_FULFILLMENT = "external-fulfillment"
    FRONT_DOOR = "front-door"  # what every SP-API call passes first, and the general operations behind it
    LOGIN = "login-with-amazon"
    CONSENT_PAGE = "consent-page"
    CLIENT = "client"  # arises on the caller's own side of the wire
    DOCUMENT_STORAGE = "document-storage"  # behind presigned links


class Mark(StrEnum):
    """How well a statement is known."""

    DOCUMENTED = "documented"  # Amazon says so
    OBSERVED = "observed"  # third parties saw it on the real service
    INFERRED = "inferred"  # follows from the two above
    PROPOSED = "proposed"  # not known; what recoup's sandbox does


class RetryClass(StrEnum):
    """How a fault is recovered from; `recoup.recovery` turns each into a decision."""

    NEVER = "NEVER"  # this request never works; a person must look
    BACKOFF = "BACKOFF"  # the same request again, at most three attempts in all, with jitter
    BACKOFF_SERIAL = "BACKOFF_SERIAL"  # as BACKOFF, after serialising the order's calls and reading it again
    RATE = "RATE"  # as BACKOFF, and not before the bucket has a token again
    WAIT_STATE = "WAIT_STATE"  # poll the entity, then decide; at most one resend
    VERIFY = "VERIFY"  # read: an equal effect is success, else a new request with a new token
    RESYNC = "RESYNC"  # fetch the version or sequence, then a new request
    RESELECT = "RESELECT"  # fetch the options again and choose another
    FIX_INPUT = "FIX_INPUT"  # a value is wrong: never the same bytes again
    FIX_REQUEST = "FIX_REQUEST"  # the request's form or target is wrong
    FIX_STATE = "FIX_STATE"  # the operation does not fit the state: read it, continue from there
    FIX_OR_WAIT = "FIX_OR_WAIT"  # check one's own values first, else wait for capacity
    SCHEDULE = "SCHEDULE"  # works from a known time on
    LOCKOUT = "LOCKOUT"  # nothing works for the stated seconds
    REAUTH = "REAUTH"  # one new access token, one repeat
    RESTART_PAGING = "RESTART_PAGING"  # begin the listing anew
    HUMAN = "HUMAN"  # a person must change something outside the program
    TERMINAL = "TERMINAL"  # the order is over
    CODE = "CODE"  # the program's own model must be renewed


class ResyncTarget(StrEnum):
    """What is read again before deciding anew."""

    EFFECT = "effect"
    SEQUENCE = "sequence"
    VERSION = "version"
    SHIPPING_OPTIONS = "shipping-options"
    LISTING = "listing"
    STATE = "state"


class WaitSubject(StrEnum):
    """What a wait holds back."""

    CALL = "call"
    ENTITY = "entity"
    ORDER_OPERATION = "order-operation"


class Action(StrEnum):
    """What the remedy comes down to."""

    RETRY = "retry"
    SLOW_DOWN = "slow-down"
    WAIT = "wait"
    READ_BACK = "read-back"
    RESELECT = "reselect"
    RESTART_PAGING = "restart-paging"
    STOP = "stop"
    FIX_VALUE = "fix-value"
    FIX_REQUEST = "fix-request"
    FIX_STATE = "fix-state"
    UPDATE_MODEL = "update-model"
    RENEW_TOKEN = "renew-token"  # noqa: S105  as above
    ROTATE_SECRET = "rotate-secret"  # noqa: S105  the name of an action
    REAUTHORISE = "reauthorise"
    CHANGE_ENDPOINT = "change-endpoint"
    CHANGE_CREDENTIALS = "change-credentials"
    CHANGE_APPLICATION = "change-application"
    REQUEST_ROLE = "request-role"
    ASK_SELLER = "ask-seller"
    MIGRATE = "migrate"
    CONTACT_AMAZON = "contact-amazon"


class Who(StrEnum):
    """Who must act."""

    NOBODY = "nobody"  # the program gets over it by itself
    DEVELOPER = "developer"  # whoever writes the connector
    OPERATOR = "operator"  # whoever owns the application in Amazon's consoles
    SELLER = "seller"
    AMAZON = "amazon"


class BodyKind(StrEnum):
    """What a response body is, whatever its Content-Type claims."""

    ERRORS = "errors"  # {"errors": [...]}
    BARE = "bare"  # one error object without a list
    LEGACY = "legacy"  # {"errorCode", "description" | "errorDescription", "retryable"}
    LOGIN = "login"  # {"error", "error_description"}
    GATEWAY = "gateway"  # {"message"} and nothing else
    HTML = "html"
    XML = "xml"
    EMPTY = "empty"
    BATCH = "batch"  # a 207 with one status for each item
    LABELS = "labels"  # a list of labels, each with its own status
    ISSUES = "issues"  # accepted, with a list of issues
    PROCESSING_REPORT = "processing-report"  # what became of a feed, line by line
    JSON = "json"  # any other JSON
    TEXT = "text"


class MessageField(StrEnum):
    """Which text a template is held against."""

    MESSAGE = "message"
    DETAILS = "details"
    PAGE = "page"  # the visible text of an HTML page
    ANY = "any"


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of an entry: an unknown field is a complaint, not a shrug."""


class Message(_Entry, frozen=True, kw_only=True):
    """One text by which the fault is known.

    `template` holds named, typed parameters (see `recoup.catalogue.template`). `shared` says that other faults carry
    the same text, so that it narrows the field and decides nothing alone. `variant` names the variant that the text
    proves.
    """

    template: str
    mark: Mark = Mark.DOCUMENTED
    field: MessageField = MessageField.MESSAGE
    shared: bool = False
    variant: str | None = None

    @property
    def shown(self) -> str:
        """The template for people: the names of its parameters without their types."""
        return _TYPE.sub(r"{\1}", self.template)

    @property
    def compiled(self) -> Template:
        """The template, ready to match and to fill."""
        return compile_template(self.template)


class Sign(_Entry, frozen=True, kw_only=True):
    """What beside the text speaks for a fault: all given parts must agree. `header` values match as substrings in
    any case.
    """

    status: int | None = None
    body: BodyKind | None = None
    code: str | None = None
    header: dict[str, str] = {}
    mark: Mark = Mark.OBSERVED
    note: str = ""


class Answer(_Entry, frozen=True, kw_only=True):
    """What travels on the wire when the fault is raised. Placeholders in `body` are the parameters of the messages."""

    mark: Mark
    status: int
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    note: str = ""


class Recovery(_Entry, frozen=True, kw_only=True):
    """The retry class and what its decision needs to know."""

    retry: RetryClass
    resync: ResyncTarget | None = None
    wait: WaitSubject | None = None
    poll: str | None = None  # which entity to read while waiting
    until: str | None = None  # the parameter that holds the instant or the seconds to wait for


class Remedy(_Entry, frozen=True, kw_only=True):
    """What to do about it: `steps` in order, in our own words; `consoles` where the steps differ by console."""

    action: Action
    text: str
    steps: list[str]
    consoles: dict[str, list[str]] = {}


class Check(_Entry, frozen=True, kw_only=True):
    """The next cheapest thing to look at where the exchange alone cannot decide, and what each outcome would mean."""

    text: str
    confirms: str = ""
    refutes: str = ""


class Source(_Entry, frozen=True, kw_only=True):
    """Where it is written: the document, its section, and the row as its left-most cell names it."""

    document: str
    section: str = ""
    row: str = ""


class Contradiction(_Entry, frozen=True, kw_only=True):
    """A conflict inside or between the documents that touches this entry, and how recoup resolves it."""

    id: str
    conflict: str
    resolution: str


class Variant(_Entry, frozen=True, kw_only=True):
    """A sub-case that one row of the documents covers but that is recovered from differently."""

    name: str
    title: str
    cause: str
    recovery: Recovery
    who: Who
    remedy: Remedy


class Fault(_Entry, frozen=True, kw_only=True):
    """A way to fail: one entry of the catalogue. Ids are never renamed."""

    id: str
    title: str
    kind: Kind
    where: list[Where]
    cause: str
    recovery: Recovery
    remedy: Remedy
    who: Who
    source: Source
    status: int | None = None
    code: str | None = None
    sc_code: str | None = None
    messages: list[Message] = []
    signs: list[Sign] = []
    answer: Answer | None = None
    check: Check | None = None
    contradictions: list[Contradiction] = []
    variants: list[Variant] = []
    same_as: list[str] = []
    aliases: list[str] = []
    no_recipe: str = ""  # why the drill cannot raise it, where it cannot; one sentence
    prior: float = 1.0  # how often this is the cause among faults that look alike, relative to them
    note: str = ""

    def variant(self, name: str | None) -> Variant | None:
        """The variant of that name, or None."""
        return next((variant for variant in self.variants if variant.name == name), None)
