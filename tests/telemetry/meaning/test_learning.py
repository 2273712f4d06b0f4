"""Whatever way a service tells a day in, what is kept of it is the truth."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.telemetry import missing
from gridshare_portal.telemetry.meaning import learning, told, translation
from tests.telemetry.meaning.truth import FINE_S, START, Truth

LATER = START + timedelta(days=20)


@st.composite
def truths(draw, *, days=3):
    """Days in which something flows: strokes of charging, of discharging and of rest, never all alike."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    strokes = draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=12, max_size=40))
    strokes = [1, -1, 1, -1, *strokes, -1, 1, -1, 1]
    lengths = rng.integers(6, 40, len(strokes))
    watts = np.concatenate(
        [sign * rng.uniform(300, 4000) * np.ones(n) for sign, n in zip(strokes, lengths, strict=True)]
    )
    whole = np.resize(watts, days * 86_400 // FINE_S) * rng.uniform(0.9, 1.1, days * 86_400 // FINE_S)
    return Truth(np.round(whole, 1))


WAYS = st.builds(
    told.Told,
    step_s=st.sampled_from([300, 900, 1800, 3600]),
    stamps=st.sampled_from([told.START, told.END]),
    power_sign=st.sampled_from([told.INTO, told.OUT_OF]),
    power_scale=st.sampled_from([1, 1000]),
    counter_scale=st.just(1),
    charge_scale=st.sampled_from([1, 100]),
) | st.builds(
    told.Told,
    step_s=st.sampled_from([300, 900, 1800, 3600]),
    power_sign=st.sampled_from([told.INTO, told.OUT_OF]),
    counter_scale=st.just(1000),
    charge_scale=st.sampled_from([1, 100]),
)


def answer(truth, way, **stretch):
    readings = truth.served(way, **stretch)
    asked = {"start": START, "end": truth.end} | {
        name: value for name, value in stretch.items() if name in ("start", "end")
    }
    return learning.Answer(readings=readings, now=LATER, **asked)


def learned(truth, way, **stretch):
    return replace(told.USUAL, **learning.learned(answer(truth, way, **stretch), told.USUAL))


def stored(readings, days):
    """Columns per quarter hour, as days keep them."""
    count = days * missing.BUCKETS
    columns = {name: np.full(count, np.nan) for name in ("in_w", "out_w", "charge_pct", "in_wh", "out_wh")}
    for one in readings:
        place = (one.at - START) // missing.STEP
        for name, column in columns.items():
            value = getattr(one, name)
            if value is not None and 0 <= place < count:
                column[place] = value
    return columns


class TestAnyWayToTellADay:
    @given(truths(), WAYS)
    def test_is_seen_from_the_day_and_what_is_kept_is_the_truth(self, truth, way):
        found = learned(truth, way)
        readings, step_s = translation.normal(truth.served(way), found, now=LATER)
        kept = stored(readings, truth.days)
        shown_s = max(way.step_s, missing.STEP_S)
        true, size = truth.buckets(shown_s), shown_s // missing.STEP_S

        assert found == way
        assert step_s == way.step_s
        assert not any(np.isnan(column).any() for column in kept.values())
        power_w = (kept["in_w"] - kept["out_w"]).reshape(-1, size)
        assert np.allclose(power_w, true["power_w"][:, None], atol=0.01)
        assert np.allclose(kept["charge_pct"].reshape(-1, size), true["charge_pct"][:, None], atol=0.01)
        for name in ("in_wh", "out_wh"):
            assert np.allclose(kept[name][size - 1 :: size], true[name], atol=0.01)
            assert (np.diff(kept[name]) >= -0.002).all()

    @given(truths(days=7), WAYS)
    def test_is_told_in_whole_days_too(self, truth, way):
        way = replace(way, step_s=86_400)
        found = learned(truth, way)
        readings, _step_s = translation.normal(truth.served(way), found, now=LATER)
        kept = stored(readings, truth.days)

        assert found.step_s == 86_400 and found.stamps == way.stamps
        assert np.allclose(
            kept["in_wh"][95::96],
            truth.buckets(86_400)["in_wh"] / way.counter_scale * found.counter_scale,
            atol=0.01,
        )


@st.composite
def blemished(draw, way):
    """A day and more of readings as bad as services send them, told in a way."""
    truth = draw(truths())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    readings = list(truth.served(way))
    reset_at = draw(st.integers(10, len(readings)))
    coarse_wh = draw(st.sampled_from([0.0, 1.0, 10.0])) / way.counter_scale
    found = []
    for number, one in enumerate(readings):
        if rng.random() < 0.15:
            continue
        off = rng.uniform(0.75, 1.25)
        in_wh, out_wh = one.in_wh, one.out_wh
        if coarse_wh:
            in_wh, out_wh = (round(value / coarse_wh) * coarse_wh for value in (in_wh, out_wh))
        if number >= reset_at:
            in_wh, out_wh = (
                max(0.0, in_wh - readings[reset_at - 1].in_wh),
                max(0.0, out_wh - readings[reset_at - 1].out_wh),
            )
        if rng.random() < 0.03:
            in_wh = rng.choice([0.0, in_wh + 20_000 / way.counter_scale])
        power = {"in_w": one.in_w * off, "out_w": one.out_w * off}
        if rng.random() < 0.03:
            power = rng.choice([{"in_w": 0.0, "out_w": 429496729.6}, {"in_w": 0.0, "out_w": 0.0}])
        found.append(replace(one, in_wh=in_wh, out_wh=out_wh, **power))
    return truth, found


class TestBadReadings:
    @given(st.data(), WAYS)
    def test_never_lead_to_a_way_that_they_were_not_told_in(self, data, way):
        truth, readings = data.draw(blemished(way))
        whole = learning.Answer(readings=readings, start=START, end=truth.end, now=LATER)
        found = learning.learned(whole, told.USUAL)

        assert {name: value for name, value in found.items() if value != getattr(way, name)} == {}
