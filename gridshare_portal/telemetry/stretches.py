"""Turn local dates of a home into periods, and cut periods into the bars of a chart.

No page has to know that some days are an hour longer.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods

HOUR = timedelta(hours=1)


def whole_days(first: date, last: date, zone: ZoneInfo) -> periods.Period:
    """Return the period from the start of the first local day to the end of the last."""
    return periods.Period(periods.local_day(first, zone).start, periods.local_day(last, zone).end)


def cut(period: periods.Period, by: str, zone: ZoneInfo) -> list[periods.Period]:
    """Cut a period into the local hours, days or months that it consists of."""
    if by == "month":
        return periods.months_of(period, zone)
    days = periods.days_of(period, zone)
    if by == "day":
        return days
    starts = [(day.start + n * HOUR, day) for day in days for n in range(-(-(day.end - day.start) // HOUR))]
    return [periods.Period(start, min(start + HOUR, day.end)) for start, day in starts]
