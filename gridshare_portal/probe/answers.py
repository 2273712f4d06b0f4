"""Answers as plain data, and a sensor's buckets in them as they came: signs, units and stamps untouched.

`gridshare.wire` turns words, units and signs into the portal's own; here they are what is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import mode

from gridshare_portal.gridshare import values

Object = dict[str, object]
CHARGES = ("soc_percent", "stateOfCharge_pct")
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
COUNTERS = ("energy_Wh_increment", "energy_Wh_decrement")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer; without a status none came, and `error` says why. Names of headers are in lower case."""

    status: int | None = None
    error: str = ""
    body: object = None
    is_json: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_given(self) -> bool:
        """Whether the question was understood and answered."""
        return self.status is not None and 200 <= self.status < 300 and self.is_json

    @property
    def fields(self) -> Object:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def entries(self) -> list[Object]:
        """The objects listed under "entries"; none where there is no such list."""
        listed = self.fields.get("entries")
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """One entry of a sensor's readings; None is what was null, absent or no number."""

    at: datetime
    power: float | None = None
    taken: float | None = None
    given: float | None = None
    charge: float | None = None
    nulls: int = 0


def buckets(answer: Answer) -> tuple[Bucket, ...]:
    """Return the entries that bear a moment, in order, each moment once."""
    found = {bucket.at: bucket for bucket in map(_bucket, answer.entries) if bucket is not None}
    return tuple(found[at] for at in sorted(found))


def step_of(found: Sequence[Bucket]) -> timedelta | None:
    """Return the distance that most neighbors have; None of fewer than two buckets."""
    gaps = [later.at - earlier.at for earlier, later in zip(found, found[1:], strict=False)]
    return mode(gaps) if gaps else None


def _bucket(entry: Object) -> Bucket | None:
    at = values.moment(entry.get("timestamp"))
    if at is None or not FIRST <= at < LAST:
        return None
    charges = [values.number(entry[name]) for name in CHARGES if name in entry]
    return Bucket(
        at=at,
        power=values.number(entry.get("power_W")),
        taken=values.number(entry.get(COUNTERS[0])),
        given=values.number(entry.get(COUNTERS[1])),
        charge=charges[0] if charges else None,
        nulls=sum(value is None for value in entry.values()),
    )
