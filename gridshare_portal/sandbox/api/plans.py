"""The rules of an overlay plan, and its two spellings: the published contract's and the live service's.

Published commands carry their own start and end; live ones are durations that follow one another without a
gap from one start time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gridshare_portal.sandbox.api import parsing
from gridshare_portal.sandbox.simulation.homes import SimulatedDevice, SimulatedHome
from gridshare_portal.sandbox.simulation.ledger import PlannedCommand

MOST_COMMANDS = 48
LONGEST = timedelta(hours=24)
LATEST_START = timedelta(minutes=5)
_LIVE_ACTIONS = {"charge": "charge", "idle": "hold", "heatWater": "heat"}
_LIVE_WORDS = {action: word for word, action in _LIVE_ACTIONS.items()} | {"discharge": "setpoint"}


def read(
    body: dict[str, object], home: SimulatedHome, device: SimulatedDevice, *, dialect: str, now: datetime
) -> tuple[PlannedCommand, ...]:
    if not device.takes_plans:
        raise parsing.unprocessable(f"a device of kind {device.kind} takes no overlay plan")
    items = body.get("commands")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise parsing.unprocessable("commands must be a list of objects")
    if len(items) > MOST_COMMANDS:
        raise parsing.unprocessable(f"a plan has at most {MOST_COMMANDS} commands")
    plan = _live(body, items) if dialect == "live" else _published(items)
    _refuse_times(plan, now)
    for command in plan:
        _refuse_action(command, home, device)
    return plan


def written(plan: tuple[PlannedCommand, ...], *, dialect: str) -> dict[str, object]:
    """Return a plan as the API spells it; no plan is an empty list of commands."""
    if dialect == "live":
        first: dict[str, object] = {"startTime": spelled(plan[0].start)} if plan else {}
        return first | {"commands": [_written_live(command) for command in plan]}
    return {"commands": [_written_published(command) for command in plan]}


def spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _published(items: list[dict[str, object]]) -> tuple[PlannedCommand, ...]:
    plan = [_published_command(item, f"commands[{number}]") for number, item in enumerate(items)]
    return tuple(sorted(plan, key=lambda command: command.start))


def _published_command(item: dict[str, object], where: str) -> PlannedCommand:
    start, end = (parsing.moment(item.get(name), f"{where}.{name}") for name in ("start", "end"))
    action = item.get("action")
    if not isinstance(action, str) or action not in ("charge", "discharge", "hold", "follow"):
        raise parsing.unprocessable(f"{where}.action must be charge, discharge, hold or follow")
    power = parsing.number(item["powerLimit_W"], f"{where}.powerLimit_W") if "powerLimit_W" in item else None
    return PlannedCommand(start=start, end=end, action=action, power_w=power)


def _live(body: dict[str, object], items: list[dict[str, object]]) -> tuple[PlannedCommand, ...]:
    start, plan = parsing.moment(body.get("startTime"), "startTime"), []
    for number, item in enumerate(items):
        plan.append(_live_command(item, start, f"commands[{number}]"))
        start = plan[-1].end
    return tuple(plan)


def _live_command(item: dict[str, object], start: datetime, where: str) -> PlannedCommand:
    minutes = item.get("durationMinutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= 1440:
        raise parsing.unprocessable(f"{where}.durationMinutes must be whole minutes from 1 to 1440")
    power = parsing.number(item["power_W"], f"{where}.power_W") if "power_W" in item else None
    kind = parsing.word(item.get("kind"))
    if kind == "setpoint":
        if power is None:
            raise parsing.unprocessable(f"{where}.power_W is needed for a setpoint")
        action, power = ("discharge" if power < 0 else "charge"), abs(power)
    elif kind in _LIVE_ACTIONS:
        action = _LIVE_ACTIONS[kind]
    else:
        raise parsing.unprocessable(f"{where}.kind must be charge, idle, setpoint or heatWater")
    return PlannedCommand(
        start=start, end=_later(start, minutes, where), action=action, power_w=power, word=kind
    )


def _later(start: datetime, minutes: int, where: str) -> datetime:
    try:
        return start + timedelta(minutes=minutes)
    except OverflowError as problem:
        raise parsing.unprocessable(f"{where} ends after the end of time") from problem


def _refuse_times(plan: tuple[PlannedCommand, ...], now: datetime) -> None:
    if any(command.end <= command.start for command in plan):
        raise parsing.unprocessable("a command must end after it starts")
    if any(later.start < earlier.end for earlier, later in zip(plan, plan[1:], strict=False)):
        raise parsing.unprocessable("commands must not overlap")
    if plan and plan[-1].end - plan[0].start > LONGEST:
        raise parsing.unprocessable("a plan lasts at most 24 hours")
    if plan and plan[0].start < now - LATEST_START:
        raise parsing.unprocessable("a plan must not start in the past")


def _refuse_action(command: PlannedCommand, home: SimulatedHome, device: SimulatedDevice) -> None:
    relay = device.kind == "load_control_relay"
    actions = ("heat",) if relay else ("charge", "discharge")
    if command.action not in (*actions, "hold", "follow"):
        raise parsing.unprocessable(f"a device of kind {device.kind} cannot {command.word or command.action}")
    limit = home.hot_water_w if relay else home.own_battery.power_limit_w
    if command.power_w is not None and not 0 <= command.power_w <= limit:
        raise parsing.unprocessable(f"the power must be between 0 and {limit:.0f} W")


def _written_published(command: PlannedCommand) -> dict[str, object]:
    span = {"start": spelled(command.start), "end": spelled(command.end)}
    item: dict[str, object] = {**span, "action": command.action}
    return item if command.power_w is None else item | {"powerLimit_W": command.power_w}


def _written_live(command: PlannedCommand) -> dict[str, object]:
    kind = command.word or _LIVE_WORDS.get(command.action, command.action)
    minutes = int((command.end - command.start).total_seconds() // 60)
    item: dict[str, object] = {"kind": kind, "durationMinutes": minutes}
    if command.power_w is None:
        return item
    return item | {"power_W": -command.power_w if command.action == "discharge" else command.power_w}
