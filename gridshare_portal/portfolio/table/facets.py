"""A home's yes/no properties as bits of one indexed number, so that rare combinations are found at once.

The database generates the number from the other columns, so it never lags behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from django.db.models import Case, Expression, Q, Value, When

BITS = {
    "active": (1, Q(state="active")),
    "control": (2, Q(right="control")),
    "asks": (4, Q(ask_first=True)),
    "solar": (8, Q(has_solar=True)),
    "battery": (16, Q(has_battery=True)),
    "ev": (32, Q(has_ev=True)),
    "charged": (64, Q(stored_wh__isnull=False)),
}
ALL = sum(bit for bit, _is_so in BITS.values())


def expression() -> Expression:
    """Return the expression of the generated column."""
    return reduce(add, (Case(When(is_so, then=Value(bit)), default=Value(0)) for bit, is_so in BITS.values()))


def numbers(answers: Sequence[tuple[str, bool]]) -> list[int] | None:
    """Return the numbers in which these properties are as stated; None where none is stated."""
    if not answers:
        return None
    yes, no = ({BITS[name][0] for name, answer in answers if answer is one} for one in (True, False))
    return [n for n in range(ALL + 1) if all(n & bit for bit in yes) and not any(n & bit for bit in no)]
