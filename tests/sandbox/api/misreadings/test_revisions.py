"""Readings that come late, are revised, are taken back, or are refused for a while."""

from datetime import timedelta

import pytest

from tests.sandbox.api.readings import NAMES, at, quarters, switch_on

NOW = at("17 19:00")


class TestALateUpload:
    def test_is_silent_for_five_days_and_then_there_with_the_true_energy(self, solar, sandbox):
        since, until = at("10 00:00"), at("15 00:00")
        stretch = since - timedelta(hours=1), until + timedelta(hours=1)
        true = solar.entries(*stretch)
        switch_on(sandbox, "late_upload", since=since, until=until, handed_in_at=NOW + timedelta(hours=1))
        silent = solar.entries(*stretch)
        sandbox.clock.advance(timedelta(hours=1))
        handed_in = solar.entries(*stretch)
        counted = [handed_in[stamp][NAMES[1]] for stamp in ("2026-06-09T23:45:00Z", "2026-06-14T23:45:00Z")]

        assert list(silent) == quarters(stretch[0], since) + quarters(until, stretch[1])
        assert handed_in == true and len(true) > 450
        assert counted[0] - counted[1] == pytest.approx(solar.truth(since, until)["out_wh"], abs=0.01)

    def test_lasts_until_it_is_handed_in_where_no_end_is_given(self, grid, sandbox):
        switch_on(sandbox, "late_upload", since=at("16 12:00"), handed_in_at=at("18 00:00"))

        assert max(grid.entries(at("16 00:00"), NOW)) == "2026-06-16T11:45:00Z"

    def test_is_of_one_sensor_where_asked(self, grid, solar, sandbox):
        switch_on(
            sandbox, "late_upload", since=at("16 12:00"), handed_in_at=at("18 00:00"), sensor="PV_DERIVED"
        )

        assert solar.entries(at("16 12:00"), at("16 14:00")) == {}
        assert len(grid.entries(at("16 12:00"), at("16 14:00"))) == 8


class TestProvisionalBuckets:
    def test_are_told_as_nothing_for_an_hour_and_truly_after_it(self, solar, sandbox):
        stretch = at("17 16:00"), at("17 19:00")
        sandbox.clock.set(at("17 21:00"))  # when all of them have arrived
        true = solar.column("power_W", *stretch)
        sandbox.clock.set(NOW)
        switch_on(sandbox, "provisional")
        young = solar.column("power_W", *stretch)
        sandbox.clock.set(at("17 21:00"))

        assert {stamp for stamp, watts in young.items() if watts == 0} == set(
            quarters(at("17 18:00"), NOW)
        ) & set(young)
        assert all(young[stamp] == true[stamp] != 0 for stamp in quarters(at("17 16:00"), at("17 18:00")))
        assert solar.column("power_W", *stretch) == true

    def test_are_as_old_as_asked(self, solar, sandbox):
        switch_on(sandbox, "provisional", minutes=100)
        told = solar.column("power_W", at("17 16:00"), at("17 18:00"))

        assert [stamp for stamp, watts in told.items() if watts == 0] == quarters(
            at("17 17:15"), at("17 18:00")
        )

    def test_are_counted_unless_asked_otherwise(self, solar, sandbox):
        stretch = at("17 16:00"), at("17 19:00")
        true = solar.column(NAMES[1], *stretch)
        switch_on(sandbox, "provisional")
        counted = solar.column(NAMES[1], *stretch)
        sandbox.faults.clear()
        switch_on(sandbox, "provisional", counters=True)
        uncounted = solar.column(NAMES[1], *stretch)

        assert counted == true
        still = true["2026-06-17T17:45:00Z"]
        assert uncounted == {stamp: max(counter, still) for stamp, counter in true.items()} != true


class TestReadingsThatAreTakenBack:
    stretch = at("16 00:00"), at("16 06:00")

    def test_are_told_once_and_then_are_null(self, grid, sandbox):
        switch_on(sandbox, "null_again", since=at("16 02:00"), until=at("16 04:00"))
        first, second = grid.entries(*self.stretch), grid.entries(*self.stretch)
        gone = set(quarters(at("16 02:00"), at("16 04:00")))

        assert len(first) == 24 and all(entry["power_W"] is not None for entry in first.values())
        assert {stamp for stamp in second if set(second[stamp].values()) == {None}} == gone
        assert {s: entry for s, entry in second.items() if s not in gone} == {
            s: entry for s, entry in first.items() if s not in gone
        }
        assert set(second["2026-06-16T02:00:00Z"]) == set(first["2026-06-16T02:00:00Z"])

    def test_may_be_left_out(self, grid, sandbox):
        switch_on(sandbox, "null_again", since=at("16 02:00"), until=at("16 04:00"), how="left_out")
        grid.entries(at("16 02:00"), at("16 03:00"))

        assert set(quarters(*self.stretch)) - set(grid.entries(*self.stretch)) == set(
            quarters(at("16 02:00"), at("16 03:00"))
        )

    def test_may_take_the_whole_answer_with_them(self, grid, sandbox):
        switch_on(sandbox, "null_again", since=at("16 02:00"), until=at("16 04:00"), how="empty")
        grid.entries(*self.stretch)

        assert grid.entries(*self.stretch) == {}
        assert len(grid.entries(at("16 04:00"), at("16 06:00"))) == 8

    def test_may_be_gone_between_two_moments_of_asking(self, grid, sandbox):
        switch_on(
            sandbox, "null_again", how="left_out", asked_from=at("17 20:00"), asked_until=at("17 21:00")
        )
        counts = []
        for hour in ("19:00", "20:00", "21:00"):
            sandbox.clock.set(at(f"17 {hour}"))
            counts.append(len(grid.entries(*self.stretch)))

        assert counts == [24, 0, 24]

    def test_are_never_those_that_were_still_open_when_told(self, grid, sandbox):
        sandbox.clock.set(at("16 02:10"))
        switch_on(sandbox, "null_again", how="left_out")
        grid.entries(at("16 02:00"), at("16 03:00"))
        sandbox.clock.set(at("16 05:00"))

        assert "2026-06-16T02:00:00Z" in grid.entries(at("16 02:00"), at("16 03:00"))


class TestASensorThatIsNotFoundForAWhile:
    @pytest.mark.parametrize(
        ("options", "status", "code"), [({}, 404, "NotFound"), ({"status": 403}, 403, "Forbidden")]
    )
    def test_is_refused_between_two_moments_of_asking(self, options, status, code, grid, solar, sandbox):
        switch_on(
            sandbox,
            "not_found_for_a_while",
            sensor="GRID",
            asked_from=at("17 20:00"),
            asked_until=at("17 21:00"),
            **options,
        )
        found = []
        for hour in ("19:59", "20:00", "20:59", "21:00"):
            sandbox.clock.set(at(f"17 {hour}"))
            found.append(grid.ask(at("16 00:00"), at("16 01:00")).status_code)
            assert solar.ask(at("16 00:00"), at("16 01:00")).status_code == 200
        sandbox.clock.set(at("17 20:30"))

        assert found == [200, status, status, 200]
        assert grid.ask(at("16 00:00"), at("16 01:00")).json() == {
            "message": "there is no such device",
            "code": code,
        }
