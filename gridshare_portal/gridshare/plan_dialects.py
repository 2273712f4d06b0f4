"""An overlay plan in its two written forms; only `wire` imports this.

The published form gives each command a start and an end. The live form gives the plan one start and each
command a length, back to back, so it has no gaps: a gap is filled with `idle`, which holds. It has no word
for following the mode either, so that can stand only before or after the rest, where no command stands for
it. A discharge is a negative setpoint.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gridshare_portal.gridshare import types, values

MINUTE = timedelta(minutes=1)
_PUBLISHED = ("start", "end", "action", "powerLimit_W")
_LIVE = ("kind", "durationMinutes", "power_W")
_KINDS = {"charge": "charge", "hold": "idle", "discharge": "setpoint"}


class NotExpressible(ValueError):
    """The plan cannot be written in the service's form; the text says why."""


def published(plan: types.Plan) -> dict[str, object]:
    """Write a plan as the contract wants it: a start and an end for each command."""
    return {"commands": [_published(command) for command in plan.commands]}


def live(plan: types.Plan, *, now: datetime) -> dict[str, object]:
    """Write a plan as one start and durations; an empty plan starts `now`. Raises NotExpressible."""
    commands = sorted(plan.commands, key=lambda command: command.start)
    acting = [place for place, command in enumerate(commands) if command.action != "follow"]
    commands = commands[acting[0] : acting[-1] + 1] if acting else []
    written: list[dict[str, object]] = []
    at = commands[0].start if commands else now
    for command in commands:
        if command.start < at:
            raise NotExpressible("Two commands of this plan overlap.")
        if command.start - at >= MINUTE:
            written.append({"kind": "idle", "durationMinutes": _minutes(at, command.start)})
        written.append(_live(command))
        at = command.end
    start = commands[0].start if commands else now
    return {"startTime": values.iso(start), "commands": written}


def read(body: object) -> types.Plan:
    """Read a plan in either form; Misshapen where it has commands, and none of them can be read.

    An object without any field is no plan.

    A command that cannot be read makes the plan known in part, and takes none with it whose times are known:
    in the live form it takes those behind it along where its own length is not known.
    """
    found = values.record(body, "the answer")
    listed = values.listed(body, "commands") if found else []
    at = values.moment(found.get("startTime") or found.get("start"))
    commands, unusable = [], []
    for position, item in enumerate(listed):
        where = f"commands[{position}]"
        try:
            command = _read(values.record(item, where), at, where)
        except values.Misshapen as fault:
            at = _behind(item, at)
            unusable.append(types.Unusable(where=str(fault), why="cannot be read"))
        else:
            at = command.end
            commands.append(command)
    values.some(commands, of=listed, where="commands")
    return types.Plan(commands=tuple(commands), unusable=tuple(unusable))


def _behind(item: object, at: datetime | None) -> datetime | None:
    """Return when a command of the live form that cannot be read is over, as far as its length says."""
    minutes = values.number(item.get("durationMinutes")) if isinstance(item, dict) else None
    return None if at is None or minutes is None else _later(at, minutes)


def _later(at: datetime, minutes: float) -> datetime | None:
    try:
        return at + minutes * MINUTE if 0 < minutes < 1_000_000 else None
    except OverflowError:
        return None


def _published(command: types.Command) -> dict[str, object]:
    span = {"start": values.iso(command.start), "end": values.iso(command.end)}
    body = {**command.extra, **span, "action": command.action}
    if command.power_limit_w is not None:
        body["powerLimit_W"] = command.power_limit_w
    return body


def _live(command: types.Command) -> dict[str, object]:
    if command.action == "follow":
        raise NotExpressible("This home's system cannot go back to its mode in the middle of a plan.")
    body: dict[str, object] = dict(command.extra) | {
        "kind": _KINDS.get(command.action, command.action),
        "durationMinutes": _minutes(command.start, command.end),
    }
    if command.power_limit_w is not None:
        body["power_W"] = command.power_limit_w * (-1 if command.action == "discharge" else 1)
    elif command.action == "discharge":
        raise NotExpressible("This home's system needs a power in watts for a discharge.")
    return body


def _minutes(start: datetime, end: datetime) -> int:
    return max(1, round((end - start) / MINUTE))


def _read(found: dict[str, object], at: datetime | None, where: str) -> types.Command:
    if "durationMinutes" in found:
        return _read_live(found, at, where)
    start, end = values.moment(found.get("start")), values.moment(found.get("end"))
    if start is None or end is None:
        raise values.Misshapen(f"{where}.{'start' if start is None else 'end'}")
    return types.Command(
        start=start,
        end=end,
        action=_action(found.get("action")),
        power_limit_w=_power_w(found, "powerLimit_W", where),
        extra=values.rest(found, _PUBLISHED),
    )


def _read_live(found: dict[str, object], at: datetime | None, where: str) -> types.Command:
    end = _behind(found, at)
    if at is None:
        raise values.Misshapen(f"{where}: its start is not known")
    if end is None:
        raise values.Misshapen(f"{where}.durationMinutes")
    power_w = _power_w(found, "power_W", where)
    action = "hold" if found.get("kind") == "idle" else _action(found.get("kind"))
    if action == "setpoint" and power_w is not None:  # without a power nobody knows its direction
        action = "discharge" if power_w < 0 else "charge"
        power_w = abs(power_w)
    extra = values.rest(found, _LIVE)
    return types.Command(start=at, end=end, action=action, power_limit_w=power_w, extra=extra)


def _power_w(found: dict[str, object], key: str, where: str) -> float | None:
    """Return the power, None where it was left open; what is no number must not read as left open."""
    power_w = values.number(found.get(key))
    if power_w is None and found.get(key) is not None:
        raise values.Misshapen(f"{where}.{key}")
    return power_w


def _action(value: object) -> str:
    word = values.text(value) or "unknown"
    return word.lower() if word.lower() in ("charge", "discharge", "hold", "follow", "setpoint") else word
