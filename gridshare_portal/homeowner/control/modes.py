"""Explain each operation mode to a homeowner in a sentence, with what one should know before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModeWords:
    """An operation mode as a page explains it; the name is the API's."""

    name: str
    sentence: str
    warning: str = ""


NOT_KNOWN = "Not known"
MODES = (
    ModeWords(
        name="Simple",
        sentence="Stores the sun that the home does not need, and gives it back when it does. "
        "Never charges from the grid. Good for a flat tariff, or while you are away.",
    ),
    ModeWords(
        name="Schedule",
        sentence="Follows your own weekly plan of charging and resting, in steps of half an hour; "
        "between them it behaves as in Simple.",
        warning="The weekly plan is made in Lunar’s own app. We can neither see nor edit it here. "
        "Without one, Schedule does what Simple does.",
    ),
    ModeWords(
        name="Smart",
        sentence="Plans the day ahead every night, by the sun expected, your habits and your tariff. "
        "Good for prices that change through the day.",
        warning="A new system should gather two weeks of readings before. Not every battery offers it; "
        "if yours does not, Lunar says so and nothing changes.",
    ),
)


def explained(name: str) -> ModeWords:
    """Return what to say about a mode; one that nobody knows keeps its name and says so."""
    known = {mode.name: mode for mode in MODES}
    if name in known:
        return known[name]
    if not name or name == "Unknown":
        return ModeWords(name=NOT_KNOWN, sentence="Lunar does not say which mode the battery is in.")
    return ModeWords(name=name, sentence="Lunar calls it so; we do not know what it does.")
