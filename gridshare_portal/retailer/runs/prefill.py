"""The form of a new run, filled in with the terms of an earlier one."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict

from gridshare_portal.accounts import models as accounts
from gridshare_portal.forms import Key
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries


def found(organization: accounts.Organization, said: str) -> runs.Run | None:
    """Return the run of this organization that an address names, if there is one."""
    pk = Key().clean(said)
    return run_queries.runs_of(organization).filter(pk=pk, cancel_of=None).first() if pk else None


def terms(run: runs.Run, choice: runs.TargetSelection | None, *, zone: str) -> dict[str, object]:
    """Return how the form begins, without the rows of a plan, whose times will be those of the zone."""
    known = {"name": run.name, "kind": run.kind, "times": run.times, "zone": zone}
    care = {"canary": run.canary, "stop_at_failure_pct": run.stop_at_failure_pct}
    mode = {"mode": run.asked.get("mode", "")} if run.kind == runs.Run.Kind.MODE else {}
    return known | care | mode | (_choice(choice) if choice else {})


def rows(run: runs.Run, *, zone: str) -> list[dict[str, object]]:
    """Return the rows of a plan as they were typed, or shown by the clock of the zone."""
    return [
        {
            "action": row["action"],
            "start": _typed(row["start"], zone),
            "end": _typed(row["end"], zone),
            "power_limit_w": row.get("power_limit_w"),
        }
        for row in run.asked.get("commands", ())
    ]


def address(run: runs.Run, choice: runs.TargetSelection | None) -> str:
    """Return the query by which the form begins like this run, its filter included."""
    query = choice.query if choice and choice.way == runs.TargetSelection.Way.FILTER else ""
    return "&".join(filter(None, [query, urlencode({"like": run.pk})]))


def _choice(choice: runs.TargetSelection) -> dict[str, object]:
    group = QueryDict(choice.query).get("group", "") if choice.way == runs.TargetSelection.Way.GROUP else ""
    return {
        "choose": choice.way,
        "group": group,
        "every": choice.way == runs.TargetSelection.Way.FILTER and not choice.query,
    }


def _typed(moment: str, zone: str) -> str:
    at = datetime.fromisoformat(moment)
    return f"{at.astimezone(ZoneInfo(zone)) if at.tzinfo else at:%Y-%m-%dT%H:%M}"
