"""Who lives in a home now reads nothing of those who lived there before, wherever they knock."""

import pytest

from tests import environment, people
from tests.homeowner import moving

pytestmark = pytest.mark.django_db
STEPS = 24


@pytest.fixture
def staff(db):
    return people.staff("ines@sunfix.example", people.organization("installer", "SunFix"), "operator")


def met(pages, known):
    """Return where marks stand that are not known to whoever asked."""
    return {address: foreign for address, text in pages if (foreign := {*moving.MARK.findall(text)} - known)}


@pytest.mark.parametrize("seed", range(environment.rounds(quick=6, long=120)))
def test_whatever_happens_nobody_meets_anything_of_another_household(seed, sandbox, staff):
    street = moving.Street(sandbox, seed, staff=staff)
    for _number in range(STEPS):
        street.step()
    street.connect("ada")
    street.write("ada")

    story = "\n".join(street.story)
    for name, visitor in street.here.items():
        pages = dict(moving.everything(street, visitor))
        assert met(pages.items(), street.known_by(name)) == {}, f"{name}:\n{story}"
        if name == "ada" and street.listed[name]:
            assert {*moving.MARK.findall("".join(pages.values()))} & street.newest, story
    assert met(moving.staff_pages(street), street.told_to_staff()) == {}, story
