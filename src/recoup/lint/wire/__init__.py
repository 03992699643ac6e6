"""RFC 7230 on the raw bytes of a request: the thirteen conditions that the document names, and a few that it does not.

    check(raw)         every finding, with its exact span
    cause(raw)         the one for which a server refuses the request

Pure: bytes in, findings out. The sandbox's front door and the client's diagnosis ask the same rules; outside oracles
(h11, llhttp) keep them honest in the tests.
"""

from recoup.lint.wire.inspection import cause, check

__all__ = ["cause", "check"]
