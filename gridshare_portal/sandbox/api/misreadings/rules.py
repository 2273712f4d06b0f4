"""Which options each fault of readings takes, checked when it is switched on.

Moments are ISO 8601 with a zone. Everywhere `sensor` and `site` are parts of ids (none: all of them), and
`since` and `until` bound the stretch of energy that is told wrongly, the first included, the last not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gridshare_portal.sandbox.api import parsing

Check = Callable[[object, str], object]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The options of one kind: those without which it says nothing, and those that may be left out."""

    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()


_WHERE = frozenset({"every", "sensor", "site"})
_STRETCH = _WHERE | {"since", "until"}
_ASKED = frozenset({"asked_from", "asked_until"})


def _rule(*may: str, needs: tuple[str, ...] = (), where: frozenset[str] = _STRETCH) -> Rule:
    return Rule(needs=frozenset(needs), may=where | set(may))


RULES: dict[str, Rule] = {
    # Silent until `handed_in_at`; asked from then on, the readings of the stretch are there.
    "late_upload": _rule(needs=("since", "handed_in_at")),
    # Buckets that ended less than `minutes` (60) ago are told as 0 W; with `counters`, as not counted either.
    "provisional": _rule("minutes", "counters"),
    # The counter is lower by `wh` from `since` on, for good or until `until`.
    "dip": _rule("counter", needs=("since", "wh")),
    # Every counter is off by up to `wh`, either way.
    "noise": _rule("counter", needs=("wh",)),
    # The counter stands still in the stretch; then it catches up at once, or (`catch_up=False`) never.
    "freeze": _rule("counter", "catch_up", needs=("since", "until")),
    # A new device with the same id: its counters begin at 0.
    "replace": _rule(needs=("since",), where=_WHERE),
    # The counter begins anew at `modulus` (2**16) Wh; with `since`, it does so exactly then.
    "roll_over": _rule("modulus", "since", "counter", where=_WHERE),
    # In the bucket around `since`, power is `value` (W); or (`wh`) the counter is higher, and not after it.
    "spike": _rule("value", "wh", "counter", "since", needs=("since",), where=_WHERE),
    # What was known is told as null, left out, or the whole list is empty (`how`): once it was served, or,
    # with `asked_from` or `asked_until`, between two moments of asking.
    "null_again": _rule("how", *_ASKED),
    # 404 or another `status` between two moments of asking.
    "not_found_for_a_while": _rule("status", *_ASKED, where=_WHERE),
    # How all answers are spelled, as long as the fault is on.
    "end_stamps": _rule(where=_WHERE),
    "coarser": _rule("step", where=_WHERE),
    "finer": _rule("step", where=_WHERE),
    "fraction": _rule(where=_WHERE),
    "flipped": _rule(where=_WHERE),
    "kilowatts": _rule(where=_WHERE),
    "kilowatt_hours": _rule(where=_WHERE),
    # A `parameter` of the question is not heard.
    "ignored": _rule(needs=("parameter",), where=_WHERE),
    # An answer holds `size` (50) entries, and a `nextToken` for the question that brings the next ones.
    "paged": _rule("size", where=_WHERE),
}


def check(kind: str, options: Mapping[str, object]) -> None:
    """Raise ValueError for an option that the kind does not know, lacks, or that has no such value."""
    rule = RULES[kind]
    for name in sorted(rule.needs - set(options)):
        raise ValueError(f"{kind} needs {name}")
    for name in sorted(set(options) - rule.needs - rule.may):
        raise ValueError(f"{kind} knows no {name}")
    for name, value in options.items():
        try:
            _CHECKS[name](value, name)
        except parsing.Refusal as refusal:
            raise ValueError(refusal.message) from refusal


def _choice(*words: object) -> Check:
    def check_word(value: object, name: str) -> None:
        if value not in words:
            raise ValueError(f"{name} must be one of {', '.join(map(str, words))}")

    return check_word


def _positive(value: object, name: str) -> None:
    if parsing.number(value, name) <= 0:
        raise ValueError(f"{name} must be above 0")


_CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        ("since", "until", "handed_in_at", "asked_from", "asked_until"),
        lambda value, name: parsing.moment(value, name),
    ),
    **dict.fromkeys(("sensor", "site"), lambda value, name: parsing.text(value, name)),
    **dict.fromkeys(("wh", "minutes", "modulus", "every", "size"), _positive),
    "value": parsing.number,
    "step": _choice("PT5M", "PT15M", "PT30M", "PT1H", "P1D"),
    "parameter": _choice(
        "start", "end", "interval", "bucket", "resolution", "include", "aggregation", "nextToken"
    ),
    "how": _choice("null", "left_out", "empty"),
    "counter": _choice("increment", "decrement", "both"),
    "status": _choice(403, 404),
    **dict.fromkeys(("catch_up", "counters"), _choice(True, False)),
}
