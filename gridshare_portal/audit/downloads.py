"""Record an audit event for every table that somebody downloads: what, by which filter, how many rows.

A table of homes leaves one event, however many homes it has. The log of each home finds it by its time and by
the organizations the home was shared with, so that the homeowner reads of it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from gridshare_portal.audit import models, names, record

HOMES, WORK_LIST = "homes", "homes that need help"
RECEIPTS, LEFT_OUT = "receipts of a bulk run", "lines that a file left out"
REPORT, RECORD = "portfolio report", "record"
OF_HOMES = {HOMES, WORK_LIST}  # with what the homes told last
LONGEST_FILTER = 300
TYPED, LEFT_OUT_NAME = "q", "a-name"


def tell(
    *,
    table: str,
    form: str,
    actor: record.Person,
    organization: record.Person,
    asked: str = "",
    details: Mapping[str, object] | None = None,
    at: datetime,
) -> models.Event:
    """Add the event, before anything is sent; `asked` is the filter as a query string, "" for all.

    A name that somebody typed to find homes is left out: it is a homeowner's.
    """
    asked = _without_names(asked)
    said = {"table": table, "form": form, "filter": asked[:LONGEST_FILTER] or "none", **(details or {})}
    name = names.Name.HOMES_EXPORTED if table in OF_HOMES else names.Name.TABLE_EXPORTED
    return record.add(name=name, at=at, actor=actor, organization=organization, details=said)


def _without_names(asked: str) -> str:
    """Return a query string without what was typed as a name, which goes on saying that one was."""
    pairs = parse_qsl(asked, keep_blank_values=True)
    if not any(key == TYPED for key, _value in pairs):
        return asked
    return urlencode([(key, LEFT_OUT_NAME if key == TYPED else value) for key, value in pairs])
