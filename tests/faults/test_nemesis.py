"""The whole portal, people who use it, and everything that can break, one after the other.

A few faults on whichever database the suite runs on; all of them with FAULTS=all, in an order that SEED
decides. The last tests read what happened in all that time.
"""

import os
import random
import warnings

import pytest

from tests.faults import afterwards, checker, databases, deployment, load, nemesis
from tests.faults.history import History

pytestmark = pytest.mark.programs
SEED = int(os.environ.get("SEED", "1"))
ALL = os.environ.get("FAULTS") == "all"
NO_SERVER = "NO POSTGRESQL HERE: what breaks under load is tried on SQLite alone."


def faults_to_try():
    """The faults of this run by name, in the order of the seed."""
    names = [name for name, fault in nemesis.FAULTS.items() if fault.is_quick or ALL]
    if ALL:
        random.Random(SEED).shuffle(names)
    return names


@pytest.fixture(scope="module")
def database():
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return databases.Sqlite()
    if databases.bin_of("initdb") is None:
        warnings.warn(NO_SERVER, stacklevel=1)
        return databases.Sqlite()
    return databases.Postgres()


@pytest.fixture(scope="module")
def stand(database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    portal = deployment.Deployment(folder, database)
    try:
        people = load.Load(portal.url, portal.gather(), folder / "mail", seed=SEED)
        people.connect()
        portal.until(people.find_homes, "everybody's home")
        portal.inside("share")
        people.begin()
        yield nemesis.Stand(portal=portal, people=people)
        people.ends.set()
    finally:
        portal.dismiss()


@pytest.fixture(scope="module")
def history(stand):
    """Everything that happened, once all faults are over and nobody does anything any more."""
    stand.wait_until_well()
    stand.wait_for_worker()
    stand.people.stop()
    return afterwards.history(stand, logs=("web", "worker", "beat", "another beat"))


class TestPeople:
    @pytest.mark.parametrize("name", faults_to_try())
    def test_are_answered_through(self, stand, name):
        fault = nemesis.FAULTS[name]
        if stand.portal.database.name not in fault.databases:
            pytest.skip(f"not on {stand.portal.database.name}")
        if fault.needs_root and not stand.portal.database.disk.is_tight:
            pytest.skip("only root can make a small disk")

        window = nemesis.live_through(stand, name, fault)

        meanwhile = [one for one in stand.people.noted if one.ended >= window.began]
        assert afterwards.dead(stand) == []
        assert list(checker.of_answers(History(answers=meanwhile, windows=stand.windows))) == []

    def test_did_something(self, history):
        outcomes = {change.outcome for change in history.changes}
        assert "confirmed" in outcomes and len(history.changes) >= 10 and len(history.taken) >= 8
        confirmed = [one for one in history.answers if one.path.endswith("/code/confirm/")]
        assert any(one.status == 302 and not one.location.startswith(checker.SIGN_IN) for one in confirmed)


class TestInTheEnd:
    @pytest.mark.parametrize("what", checker.CHECKS)
    def test_nothing_is_wrong_with(self, history, what):
        assert list(checker.CHECKS[what](history)) == []
