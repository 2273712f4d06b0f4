"""Turn the local dates of a home into stretches of time, and cut those for the bars of a chart.

Pages name dates and telemetry answers periods: between them stands this module, so that no
page has to know that some days are an hour longer.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from gridshare_portal.energy import periods

HOUR = timedelta(hours=1)


def whole_days(first: date, last: date, zone: ZoneInfo) -> periods.Period:
    """Return the time from the first local day's beginning to the last one's end."""
    return periods.Period(periods.local_day(first, zone).start, periods.local_day(last, zone).end)


def cut(period: periods.Period, by: str, zone: ZoneInfo) -> list[periods.Period]:
    """Cut a period into its local hours, days or months; together they are the period."""
    if by == "month":
        return periods.months_of(period, zone)
    days = periods.days_of(period, zone)
    return days if by == "day" else [hour for day in days for hour in _hours(day)]


def _hours(day: periods.Period) -> list[periods.Period]:
    count = -(-(day.end - day.start) // HOUR)
    starts = [day.start + n * HOUR for n in range(count)]
    return [periods.Period(start, min(start + HOUR, day.end)) for start in starts]
