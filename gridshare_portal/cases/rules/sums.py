"""Rule on the energy balance: the part of a home's last whole day that is not accounted for.

A remainder means that a sensor measures something else than its role says, or has a wrong sign or scale.
Below LEAST_WH it is rounding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gridshare_portal.cases.examining import facts
from gridshare_portal.cases.findings import Cause, Finding, Key, Severity

OFF_OPENS_PCT, OFF_CLOSES_PCT = 15.0, 8.0
OFF_IS_BAD_PCT = 40.0
LEAST_WH = 1000.0
LEAST_KNOWN_S = 12 * 3600


def balance(home: facts.SiteFacts, was: Collection[Key]) -> Iterator[Finding]:
    """Find that too much of a day's energy (Wh) is not accounted for."""
    day = home.balance
    if day is None or day.known_s < LEAST_KNOWN_S or day.through_wh <= 0:
        return
    off_pct = 100 * abs(day.remainder_wh) / day.through_wh
    is_open = (Cause.BALANCE_OFF.value, "") in was
    if off_pct < (OFF_CLOSES_PCT if is_open else OFF_OPENS_PCT):
        return
    if abs(day.remainder_wh) < LEAST_WH and not is_open:
        return
    yield Finding(
        cause=Cause.BALANCE_OFF,
        severity=Severity.SOON if off_pct >= OFF_IS_BAD_PCT else Severity.WATCH,
        since_at=day.ended_at,
        data={
            "day": day.day.isoformat(),
            "through_wh": round(day.through_wh),
            "remainder_wh": round(day.remainder_wh),
            "off_pct": round(off_pct, 1),
        },
    )
