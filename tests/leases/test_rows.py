"""Rows that are due are handed out once, and come back when their lease has run out."""

import inspect
import math
from datetime import timedelta

import pytest
from django.conf import settings

from gridshare_portal.gridshare import client
from gridshare_portal.leases import rows as leases
from gridshare_portal.lunar.login import calls as login
from gridshare_portal.portfolio.models import ProjectionPass
from gridshare_portal.sites import sync
from gridshare_portal.telemetry import collect
from tests import people

LEASE, PUT_OFF = timedelta(seconds=30), timedelta(minutes=1)
ROWS = ProjectionPass.objects


@pytest.fixture
def due(db, now):
    """Three rows, due one after another, and one that is not yet."""
    made = []
    for number, minutes in enumerate((-3, -1, -2, 5)):
        organization = people.organization("retailer", f"Retailer {number}")
        made.append(ROWS.create(organization=organization, due_at=now + timedelta(minutes=minutes)).pk)
    return made


def take(pk, owner, now):
    lease = leases.held(owner=owner, now=now, lasting=LEASE)
    return ROWS.filter(leases.free(now=now), pk=pk).update(**lease)


class TestALease:
    def test_is_one_worker_s_until_it_runs_out(self, due, now):
        assert [take(due[0], owner, now) for owner in ("one", "two")] == [1, 0]
        assert take(due[0], "two", now + LEASE) == 0
        assert take(due[0], "two", now + LEASE + timedelta(seconds=1)) == 1
        assert not ROWS.filter(pk=due[0], lease_owner="one").update(cursor=7)

    def test_is_free_again_once_it_is_given_back(self, due, now):
        take(due[0], "one", now)
        ROWS.filter(pk=due[0], lease_owner="one").update(**leases.released())

        assert take(due[0], "two", now) == 1


class TestPuttingOff:
    def test_hands_out_what_is_due_once_and_the_longest_due_first(self, due, now):
        assert leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=2) == [due[0], due[2]]
        assert leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=2) == [due[1]]
        assert leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=2) == []

    def test_hands_it_out_again_when_nobody_did_it(self, due, now):
        leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=9)

        assert set(leases.put_off(ROWS.all(), now=now + PUT_OFF, by=PUT_OFF, at_most=9)) == set(due[:3])

    def test_leaves_alone_what_a_worker_holds(self, due, now):
        take(due[0], "one", now)

        assert leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=9) == [due[2], due[1]]

    def test_writes_what_else_is_named(self, due, now):
        leases.put_off(ROWS.all(), now=now, by=PUT_OFF, at_most=1, cursor=5)

        assert list(ROWS.filter(cursor=5).values_list("pk", flat=True)) == [due[0]]


@pytest.mark.parametrize("lease", [sync.LEASE, collect.LEASE], ids=["homes", "readings"])
def test_a_lease_outlives_the_calls_between_two_looks_at_it_and_little_more(lease):
    rounds = math.ceil(collect.SIDE_BY_SIDE / settings.GRIDSHARE_PARALLEL)
    longest_s = rounds * inspect.signature(client.Client).parameters["deadline_s"].default + login.DEADLINE_S

    assert longest_s < lease.total_seconds() <= 30
