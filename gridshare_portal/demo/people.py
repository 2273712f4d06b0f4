"""Who can sign in to the demonstration with one click: one person per kind of home."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Person:
    """A demo person: how to sign in to the portal, and what the Lunar account behind it holds."""

    email: str
    name: str
    lunar_username: str
    story: str


_STORIES = {
    "Ada": "solar and a battery",
    "Ben": "two homes, an electric car and a relay",
    "Cleo": "a battery, no solar",
    "Dev": "solar, no battery",
    "Eve": "a Lunar account without a home yet",
    "Finn": "a home with 60 sensors",
    "Cora": "shares Ada's home",
}
PEOPLE = tuple(
    Person(email=f"{name.lower()}@demo.localhost", name=name, lunar_username=name.lower(), story=story)
    for name, story in _STORIES.items()
)


def named(email: str) -> Person | None:
    """Return the demo person with this e-mail address."""
    return next((person for person in PEOPLE if person.email == email), None)
