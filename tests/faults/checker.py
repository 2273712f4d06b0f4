"""What a history must not hold, whatever was broken meanwhile. Pure: a history in, sentences out.

Every write at most once and its outcome true, every connection alive, every page below 500 or an honest 503,
nobody signed out, each act in the audit log once, no secret in a log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from tests.faults import attribution
from tests.faults.history import SILENCE, Answer, Change, History, Taken, Window

CALLS_AT_MOST = 1.1  # times as many as without the fault
CALLS_SPARED = 20  # too few to speak of
SIGN_IN, SIGNING_IN = "/accounts/login", "/accounts/"


def violations(history: History) -> list[str]:
    """Return what is wrong, each in a sentence; an empty list is a history as it should be."""
    return [sentence for check in CHECKS.values() for sentence in check(history)]


def of_answers(history: History) -> Iterator[str]:
    """Say which answers were errors of ours, or none, although nothing was broken that excuses them."""
    for answer in history.answers:
        meanwhile = [window for window in history.windows if _overlap(answer, window)]
        is_honest = any(answer.status in window.allows for window in meanwhile)
        during = f" during {', '.join(window.fault for window in meanwhile)}" if meanwhile else ""
        what = f"{answer.method} {answer.path} of {answer.who}"
        if answer.status == SILENCE and not is_honest:
            yield f"{what} was not answered{during}"
        elif answer.status == 503 and not is_honest:
            yield f"{what}: 503 although nothing was away{during}"
        elif answer.status == 503 and not (answer.retry_after and answer.is_calm):
            yield f"{what}: 503 without a calm page that says when{during}"
        elif answer.status >= 500 and answer.status != 503:
            yield f"{what}: {answer.status}{during}"


def of_sessions(history: History) -> Iterator[str]:
    """Say who was signed out, meanwhile or in the end."""
    for answer in history.answers:
        if answer.location.startswith(SIGN_IN) and not answer.path.startswith(SIGNING_IN):
            yield f"{answer.method} {answer.path} of {answer.who} led to the sign-in page"
    yield from (f"{who} was signed out" for who in history.signed_out)


def of_promises(history: History) -> Iterator[str]:
    """Say which change a person was led to that is not kept."""
    made = {change.key for change in history.changes}
    for answer in history.answers:
        if answer.location.startswith("/changes/") and answer.location.split("/")[2] not in made:
            yield f"{answer.method} {answer.path} of {answer.who} promised a change that nobody knows"


def _overlap(answer: Answer, window: Window) -> bool:
    return answer.began <= window.ended and answer.ended >= window.began


def of_writes(history: History) -> Iterator[str]:
    """Say what a device took twice, or took although nobody sent it."""
    pairs = attribution.of(history)
    for taken, change in pairs:
        if change is None:
            yield f"{taken.device} took {taken.kind} {taken.value}, which nobody says was sent"
    for change, times in Counter(change for _, change in pairs if change is not None).items():
        if times > 1:
            yield f"{_named(change)} was written {times} times"


def of_outcomes(history: History) -> Iterator[str]:
    """Say which outcome is untrue, or not known although everything can be read again."""
    pairs = attribution.of(history)
    for change in history.changes:
        got = [taken for taken, its in pairs if its == change]
        if change.outcome in ("open", "unconfirmed"):
            yield f"{_named(change)} was never settled"
        elif change.outcome == "confirmed" and change.sent_at is not None and not got:
            yield f"{_named(change)} is called confirmed and the device never took it"
        elif change.outcome in ("failed", "refused") and got:
            yield f"{_named(change)} is said to have changed nothing and the device took it"
        elif change.outcome == "contradicted" and got and not _replaced(history, change, got[-1]):
            yield f"{_named(change)} is called contradicted and the device has it"
        elif change.outcome == "overtaken" and not any(_is_later(one, change) for one in history.changes):
            yield f"{_named(change)} is called overtaken and nothing came after it"


def _is_later(one: Change, change: Change) -> bool:
    same = (one.device, one.kind) == (change.device, change.kind) and one.value != change.value
    return same and (one.sent_at or 0) > (change.sent_at or 0)


def _replaced(history: History, change: Change, got: Taken) -> bool:
    """Return whether the device took something else after this, before its change was settled."""
    until = (change.settled_at or 0) + attribution.SLACK_S
    return any(
        (one.device, one.kind) == (got.device, got.kind)
        and one.value != got.value
        and got.at <= one.at <= until
        for one in history.taken
    ) or (got.at > until)


def of_events(history: History) -> Iterator[str]:
    """Say which change the audit log does not tell as it was, once."""
    asked = Counter(one.change for one in history.events if one.name == "change_asked")
    last = {one.change: one.outcome for one in history.events if one.name == "change_settled"}
    for change in history.changes:
        if asked[change.key] != 1:
            yield f"{_named(change)} was asked for {asked[change.key]} times in the audit log"
        if change.outcome not in ("open", "unconfirmed") and last.get(change.key) != change.outcome:
            yield f"{_named(change)} is {last.get(change.key)} in the audit log"


def of_calls(history: History) -> Iterator[str]:
    """Say during which fault Lunar was asked more often than without."""
    for window in history.windows:
        if window.calls is None or window.calls_before is None:
            continue
        if window.calls > CALLS_AT_MOST * window.calls_before + CALLS_SPARED:
            yield f"{window.fault}: {window.calls} calls instead of {window.calls_before}"


def _named(change: Change) -> str:
    return f"{change.kind} {change.value} of {change.device} ({change.outcome}, {change.key[:8]})"


def _of_connections(history: History) -> Iterator[str]:
    yield from (f"the connection of {who} is lost: {why}" for who, why in history.refused.items())


def _of_secrets(history: History) -> Iterator[str]:
    yield from (f"the {secret} stands in the log of {log}" for secret, log in history.told)


def _of_programs(history: History) -> Iterator[str]:
    yield from (f"{name} ended by itself" for name in history.dead)


CHECKS: dict[str, Callable[[History], Iterator[str]]] = {
    "answers": of_answers,
    "sessions": of_sessions,
    "promises": of_promises,
    "writes": of_writes,
    "outcomes": of_outcomes,
    "events": of_events,
    "calls": of_calls,
    "connections": _of_connections,
    "secrets": _of_secrets,
    "programs": _of_programs,
}
