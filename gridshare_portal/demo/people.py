"""Who can sign in with one click: homeowners, staff of two organizations, and customers of one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Organization:
    kind: str
    name: str
    slug: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """A demo person: the portal account, and the Lunar account or the membership behind it."""

    name: str
    story: str
    lunar_username: str = ""
    organization: Organization | None = None
    role: str = ""
    shares: str = ""  # what a customer shares: change, ask (first) or see

    @property
    def email(self) -> str:
        return f"{self.name.lower()}@demo.localhost"


SUNFIX = Organization(
    kind="installer",
    name="SunFix",
    slug="sunfix",
    about="We installed your battery, and we look after it.",
)
BRIGHTGRID = Organization(
    kind="retailer",
    name="BrightGrid",
    slug="brightgrid",
    about="We sell you electricity, and help you use it when it is cheap.",
)
_STORIES = {
    "Ada": "solar and a battery",
    "Ben": "two homes, an electric car and a relay",
    "Cleo": "a battery, no solar",
    "Dev": "solar, no battery",
    "Eve": "a Lunar account without a home yet",
    "Finn": "a home with 60 sensors",
    "Cora": "shares Ada's home",
}
_WORK = {
    "Ines": (SUNFIX, "operator", "supports homes for SunFix, an installer"),
    "Igor": (SUNFIX, "admin", "runs SunFix: people, roles, record"),
    "Vera": (SUNFIX, "viewer", "looks at homes for SunFix, changes nothing"),
    "Rita": (BRIGHTGRID, "admin", "runs BrightGrid, a retailer"),
}
_SHARES = {"change": "see and change", "ask": "change after asking", "see": "see"}
_CUSTOMERS = {"Gus": "change", "Hana": "change", "Ivo": "ask", "Juno": "change", "Kai": "change",
              "Lena": "see", "Milo": "change", "Nora": "change"}  # fmt: skip


HOMEOWNERS = tuple(
    Person(name=name, lunar_username=name.lower(), story=story) for name, story in _STORIES.items()
)
STAFF = tuple(
    Person(name=name, organization=organization, role=role, story=story)
    for name, (organization, role, story) in _WORK.items()
)
PEOPLE = HOMEOWNERS + STAFF
RITA = next(person for person in STAFF if person.name == "Rita")
# They come to BrightGrid by themselves after the first start; the sandbox calls them by number.
CUSTOMERS = tuple(
    Person(
        name=name,
        lunar_username=f"home{number:04d}",
        story=f"a customer of BrightGrid, who lets it {_SHARES[shares]}",
        shares=shares,
    )
    for number, (name, shares) in enumerate(_CUSTOMERS.items(), start=7)
)
EVERYBODY = PEOPLE + CUSTOMERS


def named(email: str) -> Person | None:
    return next((person for person in EVERYBODY if person.email == email), None)
