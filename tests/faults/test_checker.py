"""The checker sees each kind of thing that must not be, in histories made up to hold it."""

from dataclasses import replace

import pytest

from tests.faults import checker
from tests.faults.history import SILENCE, Answer, Change, Event, History, Taken, Window

PAGE = Answer(who="ada", method="GET", path="/homes/1/", status=200, began=10.0, ended=10.1)
CALM = replace(PAGE, status=503, retry_after="5", is_calm=True)
LED = replace(PAGE, method="POST", path="/devices/b/mode/", status=302, location="/changes/c1/")
AWAY = Window(fault="database away", began=9.0, ended=11.0, allows=frozenset({503}))
KILLED = replace(AWAY, fault="web killed", allows=frozenset({503, SILENCE}))
CHANGE = Change(
    key="c1", device="b", kind="plan", value="1001", outcome="confirmed", sent_at=10.0, settled_at=10.5
)
TOOK = Taken(device="b", kind="plan", value="1001", at=10.1)
EVENTS = (
    Event(name="change_asked", change="c1", outcome="open"),
    Event(name="change_settled", change="c1", outcome="confirmed"),
)


def history(**other):
    """A history in which one plan was asked for and taken, but for what is given."""
    known = {"answers": [PAGE, LED], "changes": [CHANGE], "taken": [TOOK], "events": list(EVENTS)}
    return History(**(known | other))


def ended(name, **other):
    """The one change, ended so, in the audit log too."""
    told = [EVENTS[0], replace(EVENTS[1], outcome=name)]
    return {"changes": [replace(CHANGE, outcome=name)], "events": told} | other


GOOD = {
    "peace": history(),
    "a calm 503 while the database was away": history(answers=[CALM], windows=[AWAY]),
    "silence while the web server was dead": history(
        answers=[replace(PAGE, status=SILENCE)], windows=[KILLED]
    ),
    "a request that began before and ended within": history(
        answers=[replace(CALM, began=5.0, ended=9.5)], windows=[AWAY]
    ),
    "a refused change that was not sent": history(**ended("refused", taken=[])),
    "a plan that was replaced before it was read back": history(
        **ended("contradicted", taken=[TOOK, replace(TOOK, value="1002", at=10.3)])
        | {"changes": [replace(CHANGE, outcome="contradicted"), replace(CHANGE, key="c2", value="1002")]}
        | {
            "events": [
                *EVENTS[:1],
                replace(EVENTS[1], outcome="contradicted"),
                *(replace(one, change="c2") for one in EVENTS),
            ]
        }
    ),
    "a plan whose place a later one took": history(
        **ended("overtaken", taken=[TOOK, replace(TOOK, value="1002", at=20.1)])
        | {
            "changes": [
                replace(CHANGE, outcome="overtaken"),
                replace(CHANGE, key="c2", value="1002", sent_at=20.0, settled_at=20.5),
            ]
        }
        | {
            "events": [
                *EVENTS[:1],
                replace(EVENTS[1], outcome="overtaken"),
                *(replace(one, change="c2") for one in EVENTS),
            ]
        }
    ),
    "a plan that the device took after it had been read": history(
        **ended("contradicted", taken=[replace(TOOK, at=60.0)])
    ),
    "the same mode asked for twice": history(
        changes=[
            replace(CHANGE, kind="mode", value="Smart"),
            replace(CHANGE, key="c2", kind="mode", value="Smart", sent_at=20.0, settled_at=22.0),
        ],
        taken=[
            replace(TOOK, kind="mode", value="Smart"),
            replace(TOOK, kind="mode", value="Smart", at=20.2),
        ],
        events=[*EVENTS, *(replace(one, change="c2") for one in EVENTS)],
    ),
    "two writes of one mode that both came late": history(
        changes=[
            replace(CHANGE, kind="mode", value="Smart", settled_at=40.0),
            replace(CHANGE, key="c2", kind="mode", value="Smart", sent_at=20.0, settled_at=41.0),
        ],
        taken=[
            replace(TOOK, kind="mode", value="Smart", at=30.0),
            replace(TOOK, kind="mode", value="Smart", at=30.1),
        ],
        events=[*EVENTS, *(replace(one, change="c2") for one in EVENTS)],
    ),
    "a mode that never came and one that did": history(
        changes=[
            replace(CHANGE, kind="mode", value="Smart", outcome="contradicted"),
            replace(CHANGE, key="c2", kind="mode", value="Smart", sent_at=20.0, settled_at=21.0),
        ],
        taken=[replace(TOOK, kind="mode", value="Smart", at=20.1)],
        events=[
            EVENTS[0],
            replace(EVENTS[1], outcome="contradicted"),
            *(replace(one, change="c2") for one in EVENTS),
        ],
    ),
    "an unconfirmed change that was settled": history(
        events=[EVENTS[0], replace(EVENTS[1], outcome="unconfirmed"), EVENTS[1]]
    ),
    "a sign-in that begins again": history(
        answers=[replace(PAGE, path="/accounts/login/code/confirm/", location="/accounts/login/")],
    ),
    "fewer calls": history(windows=[replace(AWAY, calls=10, calls_before=100)]),
}
MODES = [
    replace(CHANGE, kind="mode", value="Smart"),
    replace(CHANGE, key="c2", kind="mode", value="Simple", sent_at=20.0, settled_at=22.0),
]
BAD = {
    "answers: a 500": history(answers=[LED, replace(PAGE, status=500)]),
    "answers: a 500 while the database was away": history(
        answers=[LED, replace(PAGE, status=500)], windows=[AWAY]
    ),
    "answers: a 503 in peace": history(answers=[LED, CALM]),
    "answers: a 503 that came later": history(
        answers=[LED, replace(CALM, began=11.5, ended=12.0)], windows=[AWAY]
    ),
    "answers: a 503 that does not say when": history(
        answers=[LED, replace(CALM, retry_after="")], windows=[AWAY]
    ),
    "answers: a 503 without its page": history(answers=[LED, replace(CALM, is_calm=False)], windows=[AWAY]),
    "answers: silence while only the database was away": history(
        answers=[LED, replace(PAGE, status=SILENCE)], windows=[AWAY]
    ),
    "answers: a bad gateway": history(answers=[LED, replace(PAGE, status=502)], windows=[KILLED]),
    "sessions: a page that leads to the sign-in": history(
        answers=[LED, replace(PAGE, status=302, location="/accounts/login/?next=/homes/")]
    ),
    "sessions: one that ended": history(signed_out=["ada"]),
    "promises: a change that nobody knows": history(answers=[replace(LED, location="/changes/c9/")]),
    "writes: twice": history(taken=[TOOK, replace(TOOK, at=12.0)]),
    "writes: a mode twice": history(
        changes=MODES[:1],
        taken=[
            replace(TOOK, kind="mode", value="Smart"),
            replace(TOOK, kind="mode", value="Smart", at=15.0),
        ],
    ),
    "writes: one that nobody asked for": history(
        taken=[TOOK, replace(TOOK, value="1002")],
    ),
    "writes: a mode before anybody sent it": history(
        changes=[*MODES],
        events=[*EVENTS, *(replace(one, change="c2") for one in EVENTS)],
        taken=[
            replace(TOOK, kind="mode", value="Smart"),
            replace(TOOK, kind="mode", value="Simple", at=12.0),
            replace(TOOK, kind="mode", value="Simple", at=21.0),
        ],
    ),
    "writes: one that was never sent": history(changes=[replace(CHANGE, sent_at=None)]),
    "outcomes: confirmed and not so": history(taken=[]),
    "outcomes: a mode called confirmed before the device took it": history(
        changes=[replace(CHANGE, kind="mode", value="Smart"), MODES[1]],
        taken=[replace(TOOK, kind="mode", value="Simple", at=20.1)],
        events=[*EVENTS, *(replace(one, change="c2") for one in EVENTS)],
    ),
    "outcomes: failed and taken": history(**ended("failed")),
    "outcomes: refused and taken": history(**ended("refused")),
    "outcomes: contradicted and there": history(**ended("contradicted")),
    "outcomes: overtaken by nothing": history(**ended("overtaken")),
    "outcomes: open for good": history(**ended("open")),
    "outcomes: unconfirmed for good": history(**ended("unconfirmed")),
    "events: asked for and not written down": history(events=[EVENTS[1]]),
    "events: written down twice": history(events=[EVENTS[0], *EVENTS]),
    "events: another end than the change has": history(
        events=[EVENTS[0], replace(EVENTS[1], outcome="failed")]
    ),
    "events: no end": history(events=[EVENTS[0]]),
    "calls: more than without the fault": history(windows=[replace(AWAY, calls=200, calls_before=100)]),
    "connections: one that is lost": history(refused={"ada": "reconnect"}),
    "secrets: one in a log": history(told=[("token", "worker")]),
    "programs: one that ended": history(dead=["worker"]),
}


class TestAHistory:
    @pytest.mark.parametrize("name", GOOD)
    def test_as_it_should_be_has_nothing_wrong_with_it(self, name):
        assert checker.violations(GOOD[name]) == []

    @pytest.mark.parametrize("name", BAD)
    def test_that_holds_one_thing_wrong_is_told_by_that_check_alone(self, name):
        found = {what for what, check in checker.CHECKS.items() if list(check(BAD[name]))}

        assert found == {name.partition(":")[0]}

    def test_is_looked_at_for_every_kind_of_thing(self):
        assert {name.partition(":")[0] for name in BAD} == set(checker.CHECKS)
