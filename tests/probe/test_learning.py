"""All rules together on whatever a service may send: no answer breaks them, and none is repeated."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given as prop
from hypothesis import strategies as st

from gridshare_portal.probe import learning, report
from gridshare_portal.probe.answers import Answer, buckets
from gridshare_portal.probe.asking import Seen
from tests.probe.made import END, NOW, START, entries, given

MARK = "Smith"
NAMES = ["entries", "root", "id", "kind", "channels", "children", "siteId", "synthId", "timestamp", "power_W",
         "energy_Wh_increment", "energy_Wh_decrement", "soc_percent", "stateOfCharge_pct", "commands", "mode",
         "message", "code", "nextToken", "maxCapacity_J", "startTime", MARK]  # fmt: skip
TEXTS = st.sampled_from([f"{MARK} 1", f"{MARK}__bb_agg", "site", "sensor", "device", "Smart", "2026-06-15T00:00:00Z",
                         "2026-06-15T00:15:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
ANSWERS = st.builds(
    Answer,
    status=st.sampled_from([None, 200, 204, 302, 400, 403, 404, 429, 500]),
    error=st.just(""),
    body=VALUES,
    is_json=st.booleans(),
    headers=st.dictionaries(st.sampled_from(["retry-after", "etag", "x-owner"]), TEXTS, max_size=2),
)
SENSORS = st.dictionaries(st.sampled_from(["…#1", "…#2"]), ANSWERS)
WORDS = st.dictionaries(st.sampled_from(["start and end", "interval"]), ANSWERS)


def told(seen):
    found = learning.learned(seen)
    return "\n".join(
        report.lines(found, settings=learning.settings(seen), questions=seen.questions, now=seen.now)
    )


def seen(**answers):
    return Seen(now=NOW, start=START, end=END, **answers)


@st.composite
def anything(draw):
    single = [field.name for field in dataclasses.fields(Seen) if field.type == "Answer"]
    steps = st.dictionaries(
        st.sampled_from(["bucket", "resolution"]), st.dictionaries(st.sampled_from(["PT1H", "P1D"]), ANSWERS)
    )
    return seen(
        **{name: draw(ANSWERS) for name in single},
        modes=draw(st.dictionaries(st.sampled_from(["published", "live"]), ANSWERS)),
        stretches=draw(WORDS), days=draw(SENSORS), recent=draw(SENSORS), steps=draw(steps),
        sizes=draw(st.dictionaries(st.just("limit"), ANSWERS)),
        spans={days: (draw(ANSWERS), START, END) for days in draw(st.sets(st.sampled_from([1, 7])))},
        refusals={"A question": draw(ANSWERS)}, tried=draw(st.sampled_from(["", "…#1"])), heard=draw(st.lists(ANSWERS)),
    )  # fmt: skip


class TestWhateverAServiceSends:
    @prop(anything())
    def test_breaks_nothing_and_is_not_repeated(self, answers):
        assert MARK not in told(answers)

    def test_is_not_needed_at_all(self):
        assert "none could be told" in told(seen())

    @pytest.mark.parametrize("name", ["power_W", "energy_Wh_increment", "soc_percent"])
    @pytest.mark.parametrize("value", [None, "5", True, float("nan"), 1e308, -1e308, [], {}])
    def test_may_be_no_number(self, name, value):
        day = [{**one, name: value} for one in entries(charge=lambda at: 50)]
        answer = given(day)

        assert told(seen(tried="a", days={"a": answer}, recent={"a": answer}, stretches={"interval": answer}))


class TestTheHours:
    def test_are_those_that_the_honored_name_brought(self):
        wide = {"start": START - timedelta(hours=1), "end": END + timedelta(hours=1), "at_end": True}
        day, hours = (
            given(
                [
                    one
                    for one in entries(step=step, **wide)
                    if "2026-06-15T00:00" <= one["timestamp"] < "2026-06-16"
                ]
            )
            for step in (timedelta(minutes=15), timedelta(hours=1))
        )
        steps = {"bucket": {"PT1H": day}, "resolution": {"PT1H": hours}}
        answers = seen(tried="a", days={"a": day}, stretches={"interval": day}, plain=day, steps=steps)

        assert "end_stamps" in {finding.word for finding in learning.learned(answers)}

    @pytest.mark.parametrize(
        "stamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "soon", 5]
    )
    def test_of_another_age_are_none(self, stamp):
        assert buckets(given([{"timestamp": stamp, "power_W": 5}])) == ()


class TestSettings:
    def test_go_slowly_where_the_service_asks_for_it(self):
        assert learning.settings(seen(throttled=1)) == {"GRIDSHARE_PARALLEL": "1"}
        assert learning.settings(seen()) == {}


class TestTheReport:
    def test_says_last_what_is_different(self):
        odd = seen(tried="a", days={"a": given(entries(power=-1))})
        last = told(odd).splitlines()[-1]

        assert last.startswith("What differs: ") and "flipped" in last and "docs/going-live.md" in last
