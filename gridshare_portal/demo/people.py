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


PEOPLE = (
    Person(email="ada@demo.localhost", name="Ada", lunar_username="ada", story="solar and a battery"),
    Person(
        email="ben@demo.localhost",
        name="Ben",
        lunar_username="ben",
        story="two homes, an electric car and a relay",
    ),
    Person(email="cleo@demo.localhost", name="Cleo", lunar_username="cleo", story="a battery, no solar"),
    Person(email="dev@demo.localhost", name="Dev", lunar_username="dev", story="solar, no battery"),
    Person(
        email="eve@demo.localhost",
        name="Eve",
        lunar_username="eve",
        story="a Lunar account without a home yet",
    ),
    Person(email="finn@demo.localhost", name="Finn", lunar_username="finn", story="a home with 60 sensors"),
    Person(email="cora@demo.localhost", name="Cora", lunar_username="cora", story="shares Ada's home"),
)


def named(email: str) -> Person | None:
    """Return the demo person with this e-mail address."""
    return next((person for person in PEOPLE if person.email == email), None)
