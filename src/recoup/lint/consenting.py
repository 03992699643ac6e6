"""The address at which a selling partner is asked for consent: which subjects are one."""

from __future__ import annotations

from recoup.catalogue.facts import marketplaces
from recoup.lint.subject import Subject

__all__ = ["PATH", "is_consent", "is_registered_host"]

PATH = "/apps/authorize/consent"


def is_consent(subject: Subject) -> bool:
    """Whether this is such an address: by its path, or by the host of a Central and a path that is near."""
    path = subject.path.text.lower().rstrip("/")
    if path == PATH:
        return True
    central = subject.host.startswith(("sellercentral", "vendorcentral"))
    return central and "authorize" in path and "login" not in path


def is_registered_host(host: str) -> bool:
    """Whether sellers or vendors of a known marketplace give consent on that host."""
    return bool(marketplaces.by_consent_host(host))
