"""What is left once all is over: what the portal kept, what devices took, who is still let in, what logs hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tests.faults import deployment, load, nemesis
from tests.faults.history import Change, Event, History, Taken


def history(stand: nemesis.Stand, *, logs: Sequence[str]) -> History:
    """Return everything that happened, once nobody does anything any more; `logs` are searched for secrets."""
    told = stand.portal.inside("tell")
    return History(
        answers=stand.people.noted,
        windows=stand.windows,
        changes=[Change(**one) for one in told["changes"]],
        taken=list(_taken(stand)),
        events=[Event(**one) for one in told["events"]],
        refused=told["refused"],
        signed_out=[who for who, one in stand.people.people.items() if not _is_signed_in(one)],
        told=list(_told(stand, told["tokens"], logs)),
        dead=dead(stand),
    )


def dead(stand: nemesis.Stand) -> list[str]:
    """Return which programs ended by themselves."""
    return [name for name, child in stand.portal.running.items() if child.poll() is not None]


def _taken(stand: nemesis.Stand) -> Iterator[Taken]:
    for device, kept in stand.portal.ask_lunar("GET", "accepted").items():
        for kind, entries in (("mode", "modes"), ("plan", "plans"), ("details", "details")):
            for at, what in kept[entries]:
                yield Taken(device=device, kind=kind, value=_value(kind, what), at=_moment(at))


def _value(kind: str, what) -> str:
    if kind == "plan":
        return ",".join(f"{one['power_w']:.0f}" for one in what)
    return what if kind == "mode" else what["serialNumber"]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _is_signed_in(one: load.Person) -> bool:
    page = one.look(one.home or load.OF_STAFF[one.email][0])
    return page.status_code == 200 and "/accounts/login" not in page.url


def _told(stand: nemesis.Stand, tokens: Sequence[str], logs: Sequence[str]) -> Iterator[tuple[str, str]]:
    sessions = [one.cookies["session"] for one in stand.people.people.values()]
    secrets = {**deployment.SECRETS} | {"session": sessions, "token": tokens}
    for log in logs:
        path = stand.portal.log_of(log)
        text = path.read_text() if path.exists() else ""
        for name, values in secrets.items():
            if any(value in text for value in ([values] if isinstance(values, str) else values)):
                yield name, log
