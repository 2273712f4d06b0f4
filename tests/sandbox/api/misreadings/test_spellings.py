"""Answers spelled as no contract says, in both dialects."""

from datetime import timedelta

import pytest

from gridshare_portal.sandbox import wsgi
from tests.sandbox.api.readings import NAMES, Sensor, at, spelled
from tests.sandbox.conftest import NOON, Caller

DAY = at("16 00:00"), at("17 00:00")
CHARGE = {"published": "stateOfCharge_pct", "live": "soc_percent"}


@pytest.fixture(scope="module", params=["published", "live"])
def running(request):
    with wsgi.running(homes=1, now=NOON, dialect=request.param) as sandbox:
        yield sandbox, request.param


@pytest.fixture
def spelt(running):
    """The battery of a home, asked in either dialect with a fault on, and what it says without."""
    sandbox, dialect = running
    sandbox.reset()
    home = sandbox.world.customer("ada").homes[0]
    battery = next(one for one in home.sensors if one.meaning == "battery")
    one = Sensor(Caller(sandbox, "ada"), battery, live=dialect == "live")

    def told(kind, *, asked="PT15M", stretch=DAY, **options):
        sandbox.faults.clear()
        true = one.entries(*stretch, asked)
        sandbox.faults.switch_on("getDeviceTelemetry", kind, **options)
        return true, one.entries(*stretch, asked)

    told.charge, told.sandbox, told.ask = CHARGE[dialect], sandbox, one.ask
    return told


class TestStampsAtTheEnd:
    def test_are_of_the_same_buckets(self, spelt):
        true, told = spelt("end_stamps")

        assert list(told.values()) == list(true.values())
        assert list(told) == [*list(true)[1:], "2026-06-17T00:00:00Z"]

    def test_leave_the_open_bucket_out(self, spelt):
        spelt.sandbox.clock.set(at("16 12:10"))
        true, told = spelt("end_stamps", stretch=(at("16 11:00"), at("16 13:00")))

        assert "2026-06-16T12:00:00Z" in true
        assert max(told) == "2026-06-16T12:00:00Z"


class TestAnotherStep:
    @pytest.mark.parametrize(("kind", "step", "count"), [
        ("coarser", None, 24), ("coarser", "PT30M", 48), ("coarser", "P1D", 1), ("coarser", "PT5M", 96),
        ("finer", None, 288), ("finer", "PT1H", 96),
    ])  # fmt: skip
    def test_is_answered_than_was_asked_for(self, kind, step, count, spelt):
        true, told = spelt(kind, **({} if step is None else {"step": step}))

        assert (len(true), len(told)) == (96, count)
        mean = [
            sum(entry["power_W"] for entry in entries.values()) / len(entries) for entries in (true, told)
        ]
        assert mean[0] == pytest.approx(mean[1], abs=0.01)
        last = [abs(entries[max(entries)][NAMES[0]]) for entries in (true, told)]
        assert last[0] == pytest.approx(last[1])


class TestScalesAndSigns:
    def test_charge_may_be_a_fraction(self, spelt):
        true, told = spelt("fraction")

        assert {s: pytest.approx(entry[spelt.charge] / 100, abs=1e-6) for s, entry in true.items()} == {
            s: entry[spelt.charge] for s, entry in told.items()
        }
        assert max(entry[spelt.charge] for entry in told.values()) <= 1

    @pytest.mark.parametrize(("kind", "names", "factor"), [
        ("flipped", ("power_W",), -1), ("kilowatts", ("power_W",), 0.001), ("kilowatt_hours", NAMES, 0.001),
    ])  # fmt: skip
    def test_power_and_counters_may_be_turned_or_shrunk_each_without_the_other(
        self, kind, names, factor, spelt
    ):
        true, told = spelt(kind)
        current = ("current_A",) if "power_W" in names else ()

        for stamp, entry in true.items():
            for name, value in entry.items():
                turned = pytest.approx(value * factor, abs=1e-5) if name in (*names, *current) else value
                assert told[stamp][name] == turned
        assert true != told


class TestAParameter:
    def test_may_not_be_heard(self, spelt):
        step = "resolution" if spelt.charge == "soc_percent" else "bucket"

        assert len(spelt("ignored", parameter=step, asked="PT1H")[1]) == 96
        assert NAMES[0] not in spelt("ignored", parameter="include")[1]["2026-06-16T00:00:00Z"]


class TestPages:
    def test_bear_the_word_that_brings_the_next_one(self, spelt):
        true, told = spelt("paged", size=40)
        assert list(told) == list(true)[:40]

        token, pages = "0", []
        while token is not None:
            body = spelt.ask(*DAY, nextToken=token).json()
            token = body.get("nextToken")
            pages.append([entry["timestamp"] for entry in body["entries"]])
        assert [len(page) for page in pages] == [40, 40, 16]
        assert sum(pages, []) == list(true)


class TestEveryOtherFault:
    def test_is_in_both_dialects(self, spelt):
        true, told = spelt("dip", since=spelled(at("16 12:00")), wh=100)
        lost = [true[stamp][NAMES[0]] - told[stamp][NAMES[0]] for stamp in true]
        assert [round(wh, 3) for wh in lost] == [0.0] * 48 + [100.0] * 48

        true, told = spelt("provisional", stretch=(NOON - timedelta(hours=3), NOON))
        assert {stamp for stamp in told if told[stamp]["power_W"] == 0} >= {
            stamp for stamp in told if stamp >= "2026-06-17T18:00"
        }
