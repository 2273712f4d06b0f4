"""The query string of the homes table: filters, order, columns and position. Pure.

Unknown values fall back to the defaults; known ones come back in `address`, so that a view can be saved and
sent.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode
from zoneinfo import available_timezones

from django.http import QueryDict

from gridshare_portal import forms
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.projection.sources import name_key

STATES = {"active": "Connected", "reconnect": "Connection ended"}
RIGHTS = {"view": "See", "control": "See and change"}
ASK_FIRST = {"yes": "Ask first", "no": "Without asking"}
PARTS = {"battery": "Battery", "solar": "Solar", "ev": "Electric car"}
CHARGED = {"known": "Charge known", "unknown": "Charge not known"}
SORTS = {  # the columns of the indexes; the home comes after each
    "name": "name_key",
    "reading": "last_reading_key",
    "charge": "charge_key",
    "stored": "stored_key",
    "shared": "shared_key",
}
FRESHNESS = {
    "fresh": "Fresh, up to 20 min",
    "late": "Late, up to 30 min",
    "stale": "Stale, up to a day",
    "silent": "Silent for longer",
    "none": "None yet",
}
ORDERS = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "-reading": "Newest reading first",
    "reading": "Oldest reading first",
    "-charge": "Most charged first",
    "charge": "Least charged first",
    "-stored": "Most energy first",
    "stored": "Least energy first",
    "-shared": "Newest sharing first",
    "shared": "Oldest sharing first",
}
COLUMNS = {
    "state": "Connection",
    "right": "Consent",
    "reading": "Readings",
    "charge": "Charge",
    "stored": "Stored",
    "solar": "Solar",
    "battery": "Battery",
    "grid": "Grid",
    "today": "Solar today",
    "parts": "Has",
    "shared": "Shared since",
    "zone": "Time zone",
}
USUAL = ("state", "right", "reading", "charge", "stored", "solar", "battery", "grid")
LONGEST = 1000

Key = str | int | float  # the value of a sort column


@dataclass(frozen=True, kw_only=True)
class PagePosition:
    """After or before which row a page lies; the end of the table is before None."""

    is_before: bool
    key: Key | None = None
    site: int | None = None


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    q: str = ""
    state: str = ""
    right: str = ""
    ask: str = ""
    age: str = ""
    has: tuple[str, ...] = ()
    lacks: str = ""
    charged: str = ""
    charge_from: float | None = None
    charge_to: float | None = None
    zone: str = ""
    group: int | None = None
    sort: str = "name"
    columns: tuple[str, ...] = USUAL
    place: PagePosition | None = None

    @property
    def address(self) -> str:
        """The query string of the same view, from the first row on."""
        return urlencode(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        params: list[tuple[str, object]] = [
            *(
                (name, getattr(self, name))
                for name in ("q", "state", "right", "ask", "age", "lacks", "charged")
            ),
            *(("has", one) for one in self.has),
            ("charge_from", _digits(self.charge_from)),
            ("charge_to", _digits(self.charge_to)),
            ("zone", self.zone),
            ("group", self.group),
            ("sort", "" if self.sort == "name" else self.sort),
            *(("show", one) for one in self.columns if self.columns != USUAL),
        ]
        return [(name, str(value)) for name, value in params if value not in ("", None)]

    @property
    def is_filtered(self) -> bool:
        return bool(self.filter)

    @property
    def filter(self) -> str:
        """The query string of the filters alone."""
        return urlencode(replace(self, sort="name", columns=USUAL, place=None).pairs)

    @property
    def answers(self) -> list[tuple[str, bool]]:
        """The yes/no filters as names of facets.BITS and what each must be."""
        right, ask, charged = self.right, self.ask, self.charged
        return [
            *([("active", self.state == "active")] if self.state else []),
            *([("control", right == "control")] if right else []),
            *([("control", True), ("asks", ask == "yes")] if ask else []),
            *((part, True) for part in self.has),
            *([(self.lacks, False)] if self.lacks else []),
            *([("battery", True), ("charged", charged == "known")] if charged else []),
        ]

    @property
    def key(self) -> str:
        return SORTS[self.sort.removeprefix("-")]

    @property
    def is_downward(self) -> bool:
        return self.sort.startswith("-")


class _Name(forms.Text):
    def clean(self, value: str | None) -> str:
        return name_key(value or "")[:80]


class _Number(forms.Text):
    """A number between two others; None for anything else."""

    def __init__(self, least: float = -math.inf, most: float = math.inf) -> None:
        super().__init__(longest=40)
        self._least, self._most = least, most

    def clean(self, value: str | None) -> float | None:  # type: ignore[override]
        try:
            number = float(super().clean(value))
        except ValueError:
            return None
        return number if math.isfinite(number) and self._least <= number <= self._most else None


class _Query(forms.Query):
    q = _Name()
    state = forms.Choice(STATES)
    right = forms.Choice(RIGHTS)
    ask = forms.Choice(ASK_FIRST)
    age = forms.Choice(FRESHNESS)
    has = forms.Choices(PARTS)
    lacks = forms.Choice(PARTS)
    charged = forms.Choice(CHARGED)
    charge_from = _Number(0, 100)
    charge_to = _Number(0, 100)
    zone = forms.Choice(available_timezones())
    group = forms.Key()
    sort = forms.Choice(ORDERS, default="name")
    show = forms.Choices(COLUMNS)


def read(params: QueryDict) -> ListQuery:
    """Read a query string; a value that cannot be read counts as left out."""
    known = _Query(params).cleaned_data
    columns = known.pop("show") or USUAL
    query = ListQuery(**known, columns=columns)
    return replace(query, place=_place(params, query.key))


def placed(query: ListQuery, word: str, line: SiteRow) -> str:
    """Return the query string of the page that lies `after` or `before` a row."""
    return urlencode([*query.pairs, (word, f"{line.site_id}~{getattr(line, query.key)}")])


def _place(params: QueryDict, key: str) -> PagePosition | None:
    for word in ("after", "before"):
        site, tilde, value = params.get(word, "").partition("~")
        number, known = forms.Key().clean(site), _value(value, key)
        if tilde and number is not None and known is not None:
            return PagePosition(is_before=word == "before", key=known, site=number)
    return PagePosition(is_before=True) if params.get("before") == "end" else None


def _value(value: str, key: str) -> Key | None:
    """Return a sort key in its column's type; None if the text cannot be one."""
    if key == "name_key":
        return value.replace("\0", "")[:160]
    if key in ("last_reading_key", "shared_key"):
        return int(value) if re.fullmatch(r"-?\d{1,18}", value, re.ASCII) else None
    return _Number().clean(value)


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
