"""Findings about the connection and what is shared, on plain facts."""

from dataclasses import replace

import pytest

from gridshare_portal.cases.examining import health
from gridshare_portal.cases.findings import Cause, Severity
from gridshare_portal.lunar import scopes
from tests.cases.facts import (
    ALL,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    causes,
    found,
    home,
    sensor,
    with_connection,
    with_share,
)


class TestTheConnection:
    def test_that_ended_is_the_worst_and_hides_what_nobody_can_tell(self):
        ended = with_connection(home(sensor("grid", 3 * DAY)), is_active=False, since_at=NOON - DAY)

        (finding,) = health.findings(ended, set(), now=NOON)
        assert (finding.cause, finding.severity) == (Cause.CONNECTION_ENDED, Severity.NOW)
        assert finding.since_at == NOON - DAY
        assert Cause.SITE_SILENT in health.hidden_by([finding])

    def test_counts_as_long_as_anybody_s_works(self):
        both = home()
        ended = replace(both.connections[0], is_active=False, user=8)

        assert causes(replace(both, connections=(ended, both.connections[0]))) == []

    def test_without_permission_to_read_says_only_that(self):
        closed = with_connection(home(sensor("grid", 3 * DAY)), scopes=ALL - {scopes.DEVICE_READ})

        (finding,) = health.findings(closed, set(), now=NOON)
        assert (finding.cause, finding.subject) == (Cause.SCOPE_MISSING, scopes.DEVICE_READ)
        assert finding.severity == Severity.NOW

    def test_needs_permission_to_change_only_where_control_was_shared(self):
        reading = with_connection(home(), scopes=scopes.READING)

        assert len(found(reading)) == 2
        assert found(with_share(reading, controls=False)) == {}

    def test_of_somebody_else_does_not_lend_permission_to_change(self):
        reading = with_connection(home(), scopes=scopes.READING)
        other = replace(reading.connections[0], scopes=ALL, user=8)

        assert len(found(replace(reading, connections=(*reading.connections, other)))) == 2


class TestTheSharing:
    @pytest.mark.parametrize(
        "lasts, left, ends",
        [
            (HOUR, 30 * MINUTE, False),
            (HOUR, 10 * MINUTE, True),
            (DAY, 7 * HOUR, False),
            (DAY, 5 * HOUR, True),
            (30 * DAY, 8 * DAY, False),
            (30 * DAY, 6 * DAY, True),
            (365 * DAY, 8 * DAY, False),
            (365 * DAY, 6 * DAY, True),
        ],
    )
    def test_ends_soon_in_its_last_quarter_and_within_a_week(self, lasts, left, ends):
        until_at = NOON + left
        one = with_share(home(), from_at=until_at - lasts, until_at=until_at)

        assert (Cause.SHARING_ENDS in causes(one)) == ends

    def test_that_lasts_longest_counts(self):
        one = with_share(home(), until_at=NOON + HOUR)

        assert causes(replace(one, shares=(*one.shares, replace(one.shares[0], until_at=None)))) == []
