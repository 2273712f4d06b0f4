import csv
import gzip
import io
import json
import re
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.energy import periods
from gridshare_portal.homeowner.history import range as history_range
from gridshare_portal.telemetry import queries
from tests.readings import begin


def address(site, kind="telemetry"):
    return reverse(f"homeowner:{kind}", args=[site.synth_id])


def local_today(site):
    return timezone.now().astimezone(site.zone).date()


@pytest.fixture
def home(homeowner):
    """The homeowner's home with its last two days read."""
    site = homeowner.site
    begin(site, seconds=0.5)
    return site


@pytest.fixture
def yesterday(home):
    return (local_today(home) - timedelta(days=1)).isoformat()


@pytest.fixture
def api_is_down(home, settings):
    settings.GRIDSHARE_URL = "http://127.0.0.1:9"


BAD = [
    {"day": "2026-02-30"},
    {"day": "0001-01-01"},
    {"day": "9999-12-31"},
    {"day": "２０２６-01-01"},
    {"day": "x" * 10_000},
    {"day": b"\xed\xa0\x80"},
    {"day": "2026-01-01\x00"},
    {"day": ["2026-01-01", "2026-01-02"]},
    {"view": "decade"},
    {"view": ["day", "week"]},
    {"view": "range"},
    {"view": "range", "from": "2026-01-02", "to": "2026-01-01"},
    {"view": "range", "from": "2024-01-01", "to": "2026-01-01"},
    {"by": "PT0S"},
    {"by": "quarter", "view": ["year", "year"]},
]


class TestTheHistoryPage:
    @pytest.mark.parametrize("kind", ["telemetry", "telemetry_json", "telemetry_csv"])
    def test_does_not_exist_for_a_neighbor(self, home, neighbor, kind):
        assert neighbor.get(address(home, kind)).status_code == 404

    @pytest.mark.parametrize("kind", ["telemetry", "telemetry_json", "telemetry_csv"])
    def test_asks_who_is_there(self, home, visitor, kind):
        assert visitor.get(address(home, kind)).status_code == 302

    @pytest.mark.parametrize("view", history_range.VIEWS[:4])
    def test_shows_sums_and_the_table_without_any_script(self, homeowner, home, yesterday, view):
        page = homeowner.get(address(home), {"view": view, "day": yesterday, "table": "1"})

        assert page.status_code == 200
        assert "Solar made" in page.text and "Show as table" in page.text
        assert page.text.count("<tr") > 1
        assert "<script>" not in page.text and " style=" not in page.text

    def test_answers_while_the_api_is_down_and_asks_it_nothing(
        self, homeowner, home, yesterday, sandbox, api_is_down
    ):
        before = sandbox.calls("getDeviceTelemetry")

        assert homeowner.get(address(home), {"view": "month", "day": yesterday}).status_code == 200
        assert sandbox.calls("getDeviceTelemetry") == before

    def test_says_so_when_nothing_in_the_home_measures(self, homeowner, home):
        home.sensors.update(role_set="unknown")

        assert "say there what each one measures" in homeowner.get(address(home)).text

    def test_has_a_way_back_and_none_into_the_future(self, homeowner, home):
        page = homeowner.get(address(home)).text

        assert 'rel="prev"' in page
        assert 'rel="next"' not in page

    @pytest.mark.parametrize("kind", ["telemetry", "telemetry_json", "telemetry_csv"])
    def test_says_what_is_wrong_with_an_address(self, homeowner, home, kind):
        answers = [homeowner.get(f"{address(home, kind)}?{urlencode(query, doseq=True)}") for query in BAD]

        assert [answer.status_code for answer in answers] == [400] * len(BAD)

    def test_draws_no_year_in_quarters_of_an_hour(self, homeowner, home):
        assert homeowner.get(address(home), {"view": "year", "by": "quarter"}).status_code == 400

    def test_puts_the_sentence_at_the_field(self, homeowner, home):
        page = homeowner.get(address(home), {"view": "range", "from": "2026-01-02", "to": "2026-01-01"}).text

        assert 'aria-describedby="fault-to"' in page
        assert "The last day lies before the first." in page

    def test_costs_the_same_few_queries_for_a_day_and_for_a_year(
        self, homeowner, home, yesterday, django_assert_max_num_queries
    ):
        for kind in ("telemetry", "telemetry_json"):
            for view in ("day", "year"):
                asked = {"view": view, "day": yesterday}
                homeowner.get(address(home, kind), asked)  # the first look notes it, and keeps sums of days
                with django_assert_max_num_queries(8):
                    homeowner.get(address(home, kind), asked)

    def test_has_a_year_in_quarter_hours_in_columns_and_not_in_a_page(self, homeowner, home, yesterday):
        year, day = ({"view": view, "day": yesterday, "by": "quarter"} for view in ("year", "day"))
        columns, alone = (homeowner.get(address(home, "telemetry_json"), one).json() for one in (year, day))
        at = (alone["start"] - columns["start"]) // 900

        assert columns["count"] in (365 * 96, 366 * 96)
        assert columns["home_w"][at : at + alone["count"]] == alone["home_w"]
        assert any(value is not None for value in alone["home_w"])
        assert homeowner.get(address(home), year).status_code == 400
        assert homeowner.get(address(home, "telemetry_json"), {**year, "by": "hour"}).status_code == 400

    def test_says_the_same_sums_as_the_days_they_are_made_of(self, homeowner, home):
        today = local_today(home)
        days = [today - timedelta(days=n) for n in range(1, -1, -1)]
        query = {"view": "range", "from": days[0].isoformat(), "to": today.isoformat(), "by": "day"}
        data = homeowner.get(address(home, "telemetry_json"), query).json()
        whole = queries.totals(home, periods.whole_days(days[0], today, home.zone))

        for name in ("solar_wh", "home_wh", "from_grid_wh", "to_grid_wh", "charged_wh", "discharged_wh"):
            known = [value for value in data[name] if value is not None]  # today is not, just after midnight
            assert data[name][0] is not None
            assert sum(known) == pytest.approx(getattr(whole, name), abs=2)


class TestTheColumnsOfAChart:
    def test_travel_with_a_start_and_a_step(self, homeowner, home, yesterday):
        data = homeowner.get(address(home, "telemetry_json"), {"day": yesterday}).json()

        assert data["step"] == 900 and data["count"] in (92, 96, 100)
        assert len(data["solar_w"]) == len(data["charge_pct"]) == data["count"]
        assert all(watts is None or isinstance(watts, int) for watts in data["home_w"])
        assert sum(watts is not None for watts in data["home_w"]) > 60

    def test_balance_in_every_bucket(self, homeowner, home, yesterday):
        data = homeowner.get(address(home, "telemetry_json"), {"day": yesterday}).json()
        columns = ("solar_w", "discharging_w", "from_grid_w", "charging_w", "to_grid_w", "home_w")
        buckets = [one for one in zip(*(data[name] for name in columns), strict=True) if None not in one]

        assert buckets
        for solar, discharging, bought, charging, sold, used in buckets:
            assert solar + discharging + bought == pytest.approx(charging + sold + used, abs=4)

    def test_are_not_sent_again_when_nothing_changed(self, homeowner, home, yesterday):
        first = homeowner.get(address(home, "telemetry_json"), {"day": yesterday})
        again = homeowner.get(
            address(home, "telemetry_json"), {"day": yesterday}, headers={"If-None-Match": first["ETag"]}
        )

        assert again.status_code == 304 and not again.content
        assert again["ETag"] == first["ETag"]

    def test_are_kept_by_the_visitors_own_browser_only(self, homeowner, home):
        answer = homeowner.get(address(home, "telemetry_json"))

        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Accept-Encoding", "Cookie"} <= set(answer["Vary"].split(", "))

    @pytest.mark.parametrize(("accepted", "packed"), [("gzip, br", True), ("br", False), ("gzip;q=0", False)])
    def test_are_compressed_for_whoever_takes_it(self, homeowner, home, accepted, packed):
        plain = homeowner.get(address(home, "telemetry_json")).content
        answer = homeowner.get(address(home, "telemetry_json"), headers={"Accept-Encoding": accepted})

        assert (answer.get("Content-Encoding") == "gzip") is packed
        assert (gzip.decompress(answer.content) if packed else answer.content) == plain

    def test_come_with_the_page_that_draws_them(self, homeowner, home, yesterday):
        for query in ({"day": yesterday}, {"view": "month", "day": yesterday}):
            page = homeowner.get(address(home), query).text
            [said] = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)

            assert json.loads(said) == homeowner.get(address(home, "telemetry_json"), query).json()

    def test_are_a_table_only_for_whoever_shows_it(self, homeowner, home, yesterday):
        closed = homeowner.get(address(home), {"day": yesterday}).text
        shown = homeowner.get(address(home), {"day": yesterday, "table": "1"}).text
        part = homeowner.get(
            address(home), {"day": yesterday, "table": "1"}, headers={"HX-Request": "true"}
        ).text

        assert "<tbody" not in closed and "table=1" in closed
        assert "<tbody" in shown and "<html" in shown
        assert "<tbody" in part and "<html" not in part


class TestTheFile:
    def rows(self, homeowner, home, **query):
        answer = homeowner.get(address(home, "telemetry_csv"), query)
        assert answer.status_code == 200 and answer.streaming
        return answer, list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

    def test_has_the_numbers_of_the_chart(self, homeowner, home, yesterday):
        data = homeowner.get(address(home, "telemetry_json"), {"day": yesterday}).json()
        _, rows = self.rows(homeowner, home, day=yesterday)

        told = [int(row["Solar (W)"]) if row["Solar (W)"] else None for row in rows]
        assert told == data["solar_w"]

    @pytest.mark.parametrize("by", history_range.STEPS)
    def test_can_be_had_in_every_step_for_a_year(self, homeowner, home, yesterday, by):
        answer, rows = self.rows(homeowner, home, view="year", day=yesterday, by=by)

        assert rows[0]["Start"].startswith(yesterday[:4] + "-01-01T00:00:00")
        assert all(row["End"] == following["Start"] for row, following in pairwise(rows))
        assert datetime.fromisoformat(rows[-1]["End"]) > timezone.now() - timedelta(days=1)
        assert by in answer["Content-Disposition"]

    def test_has_the_sums_of_the_chart_to_the_watt_hour(self, homeowner, home):
        today = local_today(home)
        days = {"view": "range", "from": (today - timedelta(days=34)).isoformat(), "to": today.isoformat()}
        data = homeowner.get(address(home, "telemetry_json"), {**days, "by": "day"}).json()
        _, rows = self.rows(homeowner, home, **days, by="day")
        told = [round(float(row["Home use (kWh)"]) * 1000) if row["Home use (kWh)"] else None for row in rows]

        assert sum(amount is not None for amount in told) >= 2
        assert all(a == b or abs(a - b) <= 1 for a, b in zip(told, data["home_wh"], strict=True))

    def test_cannot_smuggle_a_formula_in_the_name_of_the_home(self, homeowner, home, yesterday):
        home.name = '=cmd()|"../../x'
        home.save(update_fields=["name"])
        answer, rows = self.rows(homeowner, home, day=yesterday)

        assert rows[0]["Home"].startswith("'=cmd()")
        assert f'filename="cmd-x_{yesterday}_quarter.csv"' in answer["Content-Disposition"]
