"""Every figure of a home comes from the same reading of its counters, whatever is wrong with them."""

import itertools
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.energy import periods
from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import missing, queries
from gridshare_portal.telemetry.models import Day
from tests import environment
from tests.telemetry.conftest import Home
from tests.telemetry.solar import LATER, START

DAYS = 4
FAULTS = ("silence", "dip", "jump", "replace", "freeze", "noise", "none")
ROLES = {"solar": ("solar", "out_wh"), "from_grid": ("grid", "in_wh"), "to_grid": ("grid", "out_wh"),
         "charged": ("battery", "in_wh"), "discharged": ("battery", "out_wh")}  # fmt: skip
NEAR = pytest.approx


def told(random, kind):
    """A meter's Wh in each direction, per bucket, None where it is silent."""
    went_in, went_out = (random.integers(0, 900, DAYS * 96).tolist() for _ in range(2))
    first, length = int(random.integers(5, DAYS * 96 - 60)), int(random.integers(1, 50))
    if kind == "silence":
        went_in[first : first + length] = [None] * length
    if kind == "freeze":
        held = sum(went_in[first : first + length])
        went_in[first : first + length] = [*[0] * (length - 1), held]
    if kind == "jump":
        went_in[first] += 40_000
    return went_in, went_out, first


def stored(home, role, random, kind):
    sensor = home.sensor(role)
    went_in, went_out, first = told(random, kind)
    if kind in ("dip", "replace"):
        home.tell(sensor, START, went_in[:first], went_out[:first], counted=50_000, now=LATER)
        start = START + first * missing.STEP
        counted = 0 if kind == "replace" else 50_000 + sum(went_in[:first]) - 3_000
        home.tell(sensor, start, went_in[first:], went_out[first:], counted=counted, now=LATER)
        return
    home.tell(sensor, START, went_in, went_out, counted=50_000, now=LATER)


class TestOneTruth:
    @settings(
        max_examples=environment.rounds(quick=4, long=300),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 2**31), kinds=st.tuples(*[st.sampled_from(FAULTS)] * 3))
    def test_is_told_by_roll_ups_and_bars_and_files_alike(self, db, seed, kinds):
        sites.Site.objects.all().delete()
        home, random = Home(), np.random.default_rng(seed)
        for role, kind in zip(("grid", "battery", "solar"), kinds, strict=True):
            stored(home, role, random, kind)
        home.read_at(START + timedelta(days=DAYS))

        for number in range(1, DAYS - 1):
            begins = START + number * missing.DAY
            day = periods.Period(begins, begins + missing.DAY)
            whole = queries.totals(home.site, day)
            hours = [begins + n * timedelta(hours=1) for n in range(25)]
            bars = queries.bars(home.site, [periods.Period(*pair) for pair in itertools.pairwise(hours)])
            fine = queries.buckets(home.site, day)
            for name, (role, field) in ROLES.items():
                total = getattr(whole, f"{name}_wh") or 0.0
                rolled = Day.objects.filter(sensor__role_found=role, day=begins.date())
                assert sum(getattr(row, field) or 0.0 for row in rolled) == NEAR(total), name
                by_hour = sum(getattr(bar, f"{name}_wh") or 0.0 for bar in bars)
                by_quarter = sum(value or 0.0 for value in fine[f"{name}_wh"])
                assert by_quarter <= by_hour + 1e-6 and by_hour <= total + 1e-6, name
                if not whole.reckoned_s and all(one is not None for one in fine[f"{name}_wh"]):
                    assert by_quarter == NEAR(by_hour) == NEAR(total), name
