from gridshare_portal.homeowner.history import gaps

KNOWN, LOST = 7, None


def between(begun=None, unfetched=0, **parts):
    columns = {name: [column] for name, column in parts.items()}
    size = len(next(iter(parts.values())))
    told = {"begun": size if begun is None else begun, "unfetched": unfetched, "why": gaps.NOT_FETCHED}
    return gaps.between_readings(columns, **told)


class TestAGapBetweenReadings:
    def test_names_the_part_that_was_silent(self):
        found = between(solar=[KNOWN, LOST, LOST, LOST, KNOWN], grid=[KNOWN] * 5)

        assert found == [gaps.Gap(1, 4, "No readings from solar")]

    def test_says_that_nothing_was_heard_when_every_part_was_silent(self):
        found = between(solar=[LOST] * 4, grid=[LOST] * 4, battery=[LOST] * 4)

        assert found == [gaps.Gap(0, 4, gaps.SILENT)]

    def test_ends_where_the_cause_changes(self):
        found = between(solar=[LOST] * 5, grid=[LOST, LOST, KNOWN, KNOWN, KNOWN])

        assert [(gap.first, gap.last) for gap in found] == [(0, 2), (2, 5)]

    def test_is_no_gap_where_the_time_has_not_come(self):
        assert between(begun=2, solar=[KNOWN, KNOWN, LOST, LOST]) == []

    def test_is_no_gap_while_the_newest_are_only_late(self):
        assert between(solar=[KNOWN, LOST, LOST, LOST]) == []
        assert between(solar=[KNOWN, LOST, LOST, LOST, LOST]) == [gaps.Gap(1, 5, gaps.SILENT)]

    def test_is_no_gap_while_some_parts_are_later_than_others(self):
        assert between(solar=[KNOWN, LOST, LOST], grid=[KNOWN, KNOWN, LOST]) == []

    def test_is_still_being_fetched_before_the_oldest_day_asked_for(self):
        found = between(unfetched=2, solar=[LOST, LOST, LOST, KNOWN])

        assert [gap.cause for gap in found] == [gaps.NOT_FETCHED, gaps.SILENT]


class TestAGapBetweenBars:
    def test_covers_the_bars_of_which_nothing_is_known(self):
        found = gaps.between_bars([True, False, True, True], unfetched=1, why=gaps.TOO_OLD)

        assert found == [gaps.Gap(0, 1, gaps.TOO_OLD), gaps.Gap(2, 4, gaps.SILENT)]

    def test_tells_its_cause_for_a_bar_inside_and_nothing_outside(self):
        found = [gaps.Gap(2, 4, gaps.SILENT)]

        assert [gaps.at(found, bar) for bar in range(5)] == ["", "", gaps.SILENT, gaps.SILENT, ""]
