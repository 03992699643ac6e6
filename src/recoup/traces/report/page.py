"""The account as one page of HTML: everything in one file, without a script, fit for light, dark and paper."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from recoup.traces.report.account import Account
from recoup.traces.report.pictures import bars, over_time, quota_strip
from recoup.traces.report.words import day_and_time, number, percent, span

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["as_page"]


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # late: only the page needs it

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=number, percent=percent, instant=day_and_time)
    return environment.from_string(files("recoup.traces.report").joinpath("page.html").read_text(encoding="utf-8"))


def as_page(account: Account) -> str:
    """The page. Raises ModuleNotFoundError where jinja2 is not installed (the extra [drill] brings it)."""
    from markupsafe import Markup  # comes with jinja2

    return _template().render(
        account=account,
        when=span(account.first, account.last),
        over_time=Markup(over_time(account)),  # noqa: S704  drawn by pictures.py, every text in it escaped there
        operations=Markup(bars(account.operations, "Operations")),  # noqa: S704  as above
        sellers=Markup(bars(account.sellers, "Sellers")),  # noqa: S704  as above
        strips=[(quota, Markup(quota_strip(quota))) for quota in account.quotas],  # noqa: S704  as above
    )
