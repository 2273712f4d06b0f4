"""docs/limits.md says what the code does: each number of its tables is the one that the named setting holds."""

import importlib
import pkgutil
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings

import gridshare_portal

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "limits.md").read_text()
UNITS = {
    "bytes": 1, "KB": 1024, "MB": 1024**2, "characters": 1, "rows": 1, "connections": 1, "W": 1,
    "s": 1, "ms": 1, "min": 60, "h": 3600, "days": 86_400, "": 1,
}  # fmt: skip
ASKED_OF_A_DEPENDENCY = ("attempts", "pool", "when it fails, the page shows")
ABOUT_CALLS = ("outbound.session", "outbound.circuit_breaker", "gridshare.http.transport", "gridshare.client",
               "lunar.login.calls", "cache", "asgi", "database_outage", "logs.reporting")  # fmt: skip
A_LIMIT = re.compile(r"^(LONGEST|LARGEST|MOST|DEEPEST|WIDEST|FURTHEST|OLDEST)|AT_MOST|ON_A_PAGE$|A_DAY$")
NO_INPUT = {  # bounds of the portal's own work, which nobody from outside meets
    "accounts.signing_in.known_browsers.AT_MOST",
    "homeowner.history.revisions.MOST_DAYS",
    "homeowner.history.revisions.MOST_ROWS",
    "homeowner.your_data.archive.LONGEST_NAME",
    "gridshare.client.MOST_NAMED",
    "limits.middleware.MOST_NAMED",
    "upkeep.backups.LARGEST_SETTINGS",
    "access.finding.search.LONGEST_PIECE",
    "accounts.organizations.audit_log.LONGEST",
    "asgi.HELD_S",
    "asgi.PIECE",
    "cases.rules.daylight.LONGEST",
    "control.outcomes.LATE_AT_MOST",
    "files.lines.LONGEST_MARK",
    "installer.diagnosis.gap_facts.HALF_A_DAY",
    "logs.lines.MOST",
    "outbound.circuit_breaker.LONGEST_PAUSE_S",
    "portfolio.projection.daily_sums.AT_MOST",
    "retailer.homes.reminder_views.FURTHEST",
    "runs.dispatch.slots.DELAYS_AT_MOST",
    "telemetry.packing.MOST_DIGITS",
}
CHECKED_BY_THE_ACTION = {  # fields whose text is measured by what they set off, with a sentence of its own
    "accounts.signing_in.forms.ProofPasskey.credential",
    "accounts.signing_in.forms.SignInPasskey.credential",
    "accounts.forms.Details.name",
    "accounts.forms.Details.about",
    "accounts.forms.Invite.email",
    "installer.requests.forms.Ask.message",
    "installer.work.forms.CaseNote.words",
    "installer.work.forms.Resolve.words",
    "retailer.campaigns.forms.NewCampaign.name",
    "retailer.campaigns.forms.NewCampaign.text",
}
SHAPED = (forms.UUIDField, forms.RegexField, forms.ModelChoiceField)  # by a pattern that says how long


def tables():
    """Every row, as (chapter, section, what, limit, source)."""
    chapter = section = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            chapter = line[3:]
        elif line.startswith("### "):
            section = line[4:]
        elif line.startswith("| ") and not line.startswith("| what |"):
            what, limit, source = (cell.strip() for cell in line.strip("|").split("|"))
            yield chapter, section, what, limit, source.strip("`")


ROWS = list(tables())
MEASURED = [row for row in ROWS if not row[4].startswith("tests/")]
TOLD = [row for row in ROWS if row[4].startswith("tests/")]


def said(limit):
    """The number and its unit, as the page says them; other digits there would be compared with nothing."""
    (number, unit), *others = re.findall(r"(\d[\d,.]*)(?: (bytes|KB|MB|characters|rows|connections|W|s|ms|min|h|days)\b)?",
                                         re.sub(r"status \d+|, else .*", "", limit))  # fmt: skip
    assert not others, f"only one number in a row: {limit}"
    return float(number.replace(",", "")) * UNITS[unit]


def held(source):
    """The number that the code holds under this name."""
    if source.startswith("Procfile "):
        return float(re.search(rf"{source.split()[1]} (\d+)", (ROOT / "Procfile").read_text())[1])
    if source.startswith("settings."):
        found, path = settings, source.split(".")[1:]
    else:
        found, path = module_and_rest(source.split("."))
    for name in path:
        if isinstance(found, dict):
            found = found[name]
        elif isinstance(found, list):
            found = found[int(name)]
        else:
            found = getattr(found, name)
    return found.total_seconds() if isinstance(found, timedelta) else float(found)


def module_and_rest(parts):
    """Import the longest part of the path that is a module."""
    for end in range(len(parts), 0, -1):
        name = ".".join(["gridshare_portal", *parts[:end]])
        if importlib.util.find_spec(name) is not None if _is_package(parts[: end - 1]) else False:
            return importlib.import_module(name), parts[end:]
    raise AssertionError(f"{parts} is nothing")


def _is_package(parts):
    return (ROOT / "gridshare_portal").joinpath(*parts).is_dir()


class TestARow:
    @pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row[1]}: {row[2]}")
    def test_says_the_number_that_the_code_holds(self, row):
        _chapter, _section, _what, limit, source = row

        assert said(limit) == held(source), source

    @pytest.mark.parametrize("row", TOLD, ids=lambda row: f"{row[1]}: {row[2]}")
    def test_without_a_number_names_the_test_that_holds_it(self, row):
        _chapter, _section, _what, limit, source = row
        path, _, name = source.partition("::")

        assert not re.search(r"\d", limit)
        assert (ROOT / path).exists()
        assert not name or f"def {name}(" in (ROOT / path).read_text()

    def test_stands_there_once(self):
        assert len({row[:3] for row in ROWS}) == len(ROWS) > 120


class TestEveryDependency:
    @pytest.mark.parametrize("section", sorted({row[1] for row in ROWS if row[0] == "Dependencies"}))
    def test_says_how_often_how_many_and_what_a_page_shows(self, section):
        whats = [what for _chapter, of, what, *_rest in ROWS if of == section]

        for asked in ASKED_OF_A_DEPENDENCY:
            assert any(what.startswith(asked) for what in whats), asked
        assert any(re.match("whole call|one statement|wait for|each step", what) for what in whats)

    def test_is_there(self):
        of = " ".join(section for chapter, section, *_rest in ROWS if chapter == "Dependencies")

        for name in (
            "reads",
            "writes",
            "tokens",
            "revocation",
            "cache",
            "messages",
            "PostgreSQL",
            "SQLite",
            "mail",
            "errors",
        ):
            assert name in of


def portal_s_modules():
    for one in pkgutil.walk_packages(gridshare_portal.__path__, "gridshare_portal."):
        parts = one.name.split(".")
        if not {"migrations", "sandbox", "demo", "synthetic", "management", "settings"} & set(parts):
            yield importlib.import_module(one.name)


MODULES = list(portal_s_modules())


def constants():
    """Every number that a module gives a name, as (module, name)."""
    for module in MODULES:
        source = Path(module.__file__).read_text()
        for name, value in vars(module).items():
            is_number = isinstance(value, int | float | timedelta) and not isinstance(value, bool)
            if (
                name.isupper()
                and name[0] != "_"
                and is_number
                and re.search(rf"^[A-Z_, ]*\b{name}\b[A-Z_, ]*(:.*)? = ", source, re.MULTILINE)
            ):
                yield module.__name__.removeprefix("gridshare_portal."), name


class TestEveryLimit:
    def test_of_a_call_or_an_input_stands_on_the_page(self):
        on_page = {row[4] for row in ROWS}
        of_code = {
            f"{module}.{name}"
            for module, name in constants()
            if module in ABOUT_CALLS or A_LIMIT.search(name)
        }

        assert of_code - on_page - NO_INPUT == set()
        assert of_code >= NO_INPUT

    def test_of_a_text_that_is_typed_is_there(self):
        found = set()
        for module in MODULES:
            for form in vars(module).values():
                if not (
                    isinstance(form, type)
                    and issubclass(form, forms.BaseForm)
                    and form.__module__ == module.__name__
                ):
                    continue
                for name, field in getattr(form, "base_fields", {}).items():
                    if (
                        isinstance(field, forms.CharField)
                        and not isinstance(field, SHAPED)
                        and field.max_length is None
                    ):
                        found.add(
                            f"{module.__name__.removeprefix('gridshare_portal.')}.{form.__name__}.{name}"
                        )

        assert found <= CHECKED_BY_THE_ACTION
