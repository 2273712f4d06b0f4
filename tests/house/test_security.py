"""The page about security: every requirement with tests that exist, and what it says of sessions and secrets."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from gridshare_portal.accounts.signing_in import session_limits
from gridshare_portal.logs import redaction
from gridshare_portal.retention import rules

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
REQUIRED = {  # of OWASP ASVS 5.0.0, by chapter and section
    "1.2": (1, 2, 3, 4, 10),
    "1.3": (6,),
    "2.2": (1, 2, 3),
    "2.3": (2, 3, 4),
    "2.4": (1,),
    "3.3": (1, 2, 3, 4),
    "3.4": (1, 3, 4, 5, 6, 8),
    "3.5": (1, 3),
    "3.7": (2,),
    "4.2": (5,),
    "6.8": (1,),
    "7.1": (1, 2, 3),
    "7.2": (4,),
    "7.3": (1, 2),
    "7.4": (1, 2, 5),
    "7.5": (2, 3),
    "8.1": (1,),
    "8.2": (1, 2, 3),
    "8.3": (1, 2, 3),
    "8.4": (1,),
    "10.1": (1, 2),
    "10.2": (1, 2, 3),
    "10.5": (1, 2, 3, 4),
    "11.3": (2, 3),
    "11.4": (2,),
    "11.5": (1,),
    "12.2": (1,),
    "12.3": (1, 2),
    "13.1": (2, 3, 4),
    "13.2": (4, 6),
    "13.3": (1,),
    "13.4": (2, 5),
    "14.1": (1,),
    "14.2": (2, 4, 7),
    "14.3": (1, 2, 3),
    "15.3": (2, 3, 5),
    "15.4": (1, 2, 3),
    "16.2": (1, 2, 3, 4, 5),
    "16.3": (1, 2, 3, 4),
    "16.4": (1,),
    "16.5": (1, 2, 3, 4),
}
NUMBERS = {f"{section}.{last}" for section, lasts in REQUIRED.items() for last in lasts}
LEVEL_1 = {
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "2.2.1",
    "2.2.2",
    "3.3.1",
    "3.4.1",
    "3.5.1",
    "3.5.3",
    "7.2.4",
    "7.4.1",
}
LEVEL_1 |= {"7.4.2", "8.1.1", "8.2.1", "8.2.2", "8.3.1", "11.3.2", "12.2.1", "14.3.1"}
LEVEL_3 = {
    "1.2.10",
    "3.4.8",
    "4.2.5",
    "7.5.3",
    "8.3.2",
    "8.3.3",
    "10.2.3",
    "13.1.2",
    "13.1.3",
    "13.1.4",
    "13.2.6",
}
LEVEL_3 |= {"14.2.7", "15.4.1", "15.4.2", "15.4.3", "16.5.4"}


def rows(page, heading):
    """The cells of each row of the tables under a heading, without their heads."""
    part = re.split(r"^## ", page, flags=re.MULTILINE)
    [section] = [one for one in part if one.startswith(heading)]
    table = [line for line in section.splitlines() if line.startswith("|")]
    heads = {
        number for number, line in enumerate(table) if number + 1 < len(table) and "---" in table[number + 1]
    }
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(table)
        if number not in heads and "---" not in line
    ]


def requirements(page):
    """Every row of the requirements, as (number, level, what, ids of tests)."""
    return [
        (number, int(level), what, re.findall(r"`([^`]+)`", held))
        for number, level, what, held in rows(page, "Requirements")
    ]


@cache
def named_in(path):
    """The tests of a file as pytest names them, without what they are called with."""
    if not (ROOT / path).is_file():
        return frozenset()
    found = set()
    for one in ast.parse((ROOT / path).read_text()).body:
        inside = one.body if isinstance(one, ast.ClassDef) and one.name.startswith("Test") else [one]
        before = f"{one.name}::" if isinstance(one, ast.ClassDef) else ""
        found |= {
            f"{path}::{before}{test.name}"
            for test in inside
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        }
    return frozenset(found)


ROWS = requirements(PAGE)


def faults(found):
    """What is wrong with rows of requirements."""
    numbers = Counter(number for number, *_rest in found)
    yield from (f"{number} is missing" for number in NUMBERS - numbers.keys())
    yield from (f"{number} is none of ours" for number in numbers.keys() - NUMBERS)
    yield from (f"{number} is there twice" for number, count in numbers.items() if count > 1)
    for number, level, what, tests in found:
        if level != (1 if number in LEVEL_1 else 3 if number in LEVEL_3 else 2):
            yield f"{number} is of another level"
        if not what or not tests or len(set(tests)) < len(tests):
            yield f"{number} says nothing, or is held by nothing or by something twice"
        yield from (
            f"{number}: {test} is not there"
            for test in tests
            if test not in named_in(test.partition("::")[0])
        )


class TestTheTable:
    def test_has_each_of_98_requirements_once_with_tests_that_exist(self):
        assert len(NUMBERS) == len(ROWS) == 98
        assert list(faults(ROWS)) == []

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (lambda rows: rows[1:], "is missing"),
            (lambda rows: [*rows, rows[0]], "is there twice"),
            (lambda rows: [*rows, ("5.1.1", 2, "x", rows[0][3])], "is none of ours"),
            (lambda rows: [(*rows[0][:3], []), *rows[1:]], "held by nothing"),
            (lambda rows: [(*rows[0][:3], [f"{rows[0][3][0]}_renamed"]), *rows[1:]], "is not there"),
            (
                lambda rows: [(*rows[0][:3], ["tests/house/test_nothing.py::TestX::test_y"]), *rows[1:]],
                "is not there",
            ),
            (lambda rows: [(rows[0][0], 2, *rows[0][2:]), *rows[1:]], "another level"),
        ],
    )
    def test_that_is_wrong_would_be_found(self, wrong, said):
        assert any(said in fault for fault in faults(wrong(ROWS)))

    def test_says_which_are_held_less(self):
        told = re.findall(r"\*\*(\d+\.\d+\.\d+)\*\*", PAGE)

        assert len(told) == 4 and set(told) <= NUMBERS


class TestTheSessions:
    def test_last_as_long_as_the_page_says(self):
        told = {who: (idle, whole) for who, idle, whole in rows(PAGE, "Sessions")}
        limits = {"staff and operators": session_limits.STAFF, "homeowner": session_limits.HOMEOWNER}

        assert told == {
            who: (rules.words(limit.idle), f"{limit.whole.total_seconds() / 3600:.0f} hours")
            if limit.whole.days < 1
            else (rules.words(limit.idle), rules.words(limit.whole))
            for who, limit in limits.items()
        }
        assert f"holds for {rules.words(session_limits.PROOF_HOLDS)}" in PAGE

    def test_are_as_many_as_the_page_says(self):
        """tests/accounts/signing_in/test_sessions.py holds that they are."""
        assert "**How many**: as many as one likes" in PAGE

    def test_and_lunar_s_are_told_apart(self):
        [told] = re.findall(r"^\*\*Lunar\*\*: (.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)

        for said in (
            "a session of the portal's own",
            "does not sign out at Lunar",
            "nothing becomes of the session",
        ):
            assert said in " ".join(told.split())


class TestTheSecrets:
    def test_are_all_on_the_page(self):
        table = rows(PAGE, "Secrets")
        told = {name for row in table for name in re.findall(r"`(\w+)`", row[0])}

        assert set(redaction.SECRET_SETTINGS) | {"DATABASE_URL", "REDIS_URL", "SENTRY_DSN"} == told
        assert all(opens and changed for _secret, opens, changed, _how in table)
