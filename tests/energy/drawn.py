"""Days, moments and zones as properties draw them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = [
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "UTC",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
dates = st.dates(date(2005, 1, 1), date(2035, 12, 31))
moments = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
