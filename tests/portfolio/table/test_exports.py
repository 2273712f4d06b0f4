"""The homes table as a file takes little memory, whatever its length."""

import tracemalloc
from types import SimpleNamespace

import pytest
from django.utils import timezone

from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.table import exports


class TestALongFile:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_takes_no_more_memory_than_a_short_one(self, kind):
        def peak(count):
            tracemalloc.start()
            if kind == "csv":
                assert sum(1 for _ in exports.csv(lines(count))) == count + 1
            else:
                assert sum(len(piece) for piece in exports.xlsx(lines(count))) > 20 * count
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

        peak(100)
        assert peak(4000) < peak(400) * 1.5 + 200_000


def lines(count):
    now = timezone.now()
    known = {field.attname: None for field in SiteRow._meta.concrete_fields}
    for number in range(count):
        site = SimpleNamespace(name=f"Home {number}", synth_id=f"site-{number}")
        words = {"time_zone": "UTC", "state": "active", "right": "view", "shared_at": now, "day": now.date()}
        has = {"has_battery": True, "has_solar": True, "has_ev": False, "stored_wh": 1.5 * number}
        yield SimpleNamespace(**{**known, **words, **has, "site": site})
