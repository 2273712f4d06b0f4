"""Who may lean on whom. A new arrow is drawn here, in the commit that needs it, with its reason."""

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

HOUSE = Path(__file__).resolve().parents[2] / "gridshare_portal"

MAY_IMPORT = {  # in the order of building: each room names only rooms above it here
    # Backups and migrations are about whole databases, whatever the rooms keep in them.
    "upkeep": set(),
    # Whoever calls another program does it with one deadline: Gridshare, Lunar's login, and the cache.
    "outbound": set(),
    # A line bears the id that a call to another program bears too.
    "logs": {"outbound"},
    "gridshare": {"outbound"},
    # What a service really does is asked through the client, and answered without any row: so it needs no more.
    "probe": {"gridshare"},
    "energy": set(),
    "audit": set(),
    "files": set(),
    "leases": set(),
    "mail": set(),
    "accounts": {"audit", "files", "mail"},
    "lunar": {"audit", "leases", "mail", "outbound"},
    "sites": {"gridshare", "leases", "lunar"},
    "access": {"accounts", "audit", "leases", "lunar", "mail", "sites"},
    "telemetry": {"energy", "gridshare", "leases", "sites"},
    # accounts: whoever acts is a person of it.
    "control": {"access", "accounts", "audit", "gridshare", "leases", "mail", "sites"},
    "cases": {
        "access",
        "accounts",
        "audit",
        "control",
        "energy",
        "leases",
        "lunar",
        "mail",
        "sites",
        "telemetry",
    },
    "portfolio": {"access", "accounts", "audit", "files", "leases", "mail", "sites", "telemetry"},
    "runs": {
        "access",
        "accounts",
        "audit",
        "control",
        "files",
        "gridshare",
        "leases",
        "outbound",
        "portfolio",
        "sites",
    },
    "campaigns": {"access", "accounts", "audit", "portfolio"},
    # What a retailer is sent: it sums up portfolio, campaigns and runs, and pages keep no rows.
    "reports": {"accounts", "audit", "campaigns", "files", "leases", "mail", "portfolio", "runs", "sites"},
    # How long every row of every other package is kept, and what goes with a person or a home: so it knows them.
    "retention": {
        "access",
        "accounts",
        "audit",
        "cases",
        "control",
        "lunar",
        "portfolio",
        "reports",
        "runs",
        "sites",
        "telemetry",
    },
    # Made-up homes for commands and benchmarks: they write rows of many rooms, and no room needs them.
    "synthetic": {"access", "accounts", "cases", "lunar", "sites", "telemetry"},
    # energy: the periods that a page's dates and charts stand for.
    # gridshare: a plan and its commands, by whose types control speaks of them.
    # retention: the page that says how long what is kept is made from the table that the sweep goes by.
    "homeowner": {
        "access",
        "accounts",
        "audit",
        "control",
        "energy",
        "files",
        "gridshare",
        "lunar",
        "retention",
        "sites",
        "telemetry",
    },
    "installer": {
        "access",
        "accounts",
        "audit",
        "cases",
        "control",
        "energy",
        "files",
        "lunar",
        "sites",
        "telemetry",
    },
    "retailer": {
        "access",
        "accounts",
        "audit",
        "campaigns",
        "cases",
        "control",
        "files",
        "lunar",
        "portfolio",
        "reports",
        "runs",
        "sites",
    },
    "sandbox": set(),
    # What exists only in the demonstration: the supervisor, the page of e-mails, sign-in by one click.
    # It needs no room, and no room may import it, so that nothing of it can be reached where DEMO is off.
    "demo": set(),
}
MOST_FILES = 15  # thirteen, and two that Django or Celery ask for
NO_DJANGO = {"outbound", "gridshare", "probe", "energy", "sandbox"}
# To show operators rows, wake a task, give browsers a cookie, read what was typed, say how often, keep a secret,
# and to ask the database often without building the question each time.
FRAME_FOR_ROOMS = {"admin", "browsers", "built", "celery", "forms", "limits", "seal"}
PAGES = {"homeowner", "installer", "retailer"}
# Numbers become words there and nowhere else, also in sentences made in Python: of pages, and of what is wrong.
FRAME_FOR_SENTENCES, SENTENCES = {"templatetags"}, {*PAGES, "cases"}
FRAMEWORK = {"django", "allauth", "celery", "csp", "django_htmx"}
ENERGY_ONLY_NUMPY = {"numpy"}


def room_of(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "gridshare_portal" and len(parts) > 1 else None


def imports(source, package=""):
    """Every module a file imports, also inside functions; `from room import module` names the module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(
                [*package.split(".")[: len(package.split(".")) - node.level + 1], node.module or ""]
            )
            base = base.strip(".") if node.level else node.module
            yield from (
                f"{base}.{alias.name}" if base.startswith("gridshare_portal") else base
                for alias in node.names
            )
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))


def package_of(path):
    return ".".join(("gridshare_portal", *path.relative_to(HOUSE).parent.parts))


FILES = sorted(HOUSE.rglob("*.py"))
ROOMS = sorted(folder.name for folder in HOUSE.iterdir() if (folder / "__init__.py").exists())
FOR_MIGRATIONS = {"upkeep"}  # how an index is built while people write
FRAME_FOLDERS = {"browsers", "limits", "templatetags", "management"}


def faults(room, source, package):
    granted = MAY_IMPORT[room] | FRAME_FOR_ROOMS | (FRAME_FOR_SENTENCES if room in SENTENCES else set())
    for module in set(imports(source, package)):
        other = room_of(module)
        if other is not None and other != room and other not in granted:
            yield f"{room} may not import {other} ({module})"
        if room in NO_DJANGO and (module.split(".")[0] in FRAMEWORK or other in FRAME_FOR_ROOMS):
            yield f"{room} may not import {module}: no Django here"


class TestTheTable:
    def test_has_every_room_that_stands(self):
        assert set(ROOMS) - FRAME_FOLDERS <= set(MAY_IMPORT)

    def test_names_only_rooms_that_were_built_before(self):
        built = set()
        for room, others in MAY_IMPORT.items():
            assert others <= built, f"{room} leans on {others - built}, which is built later"
            built.add(room)

    def test_lets_nobody_import_the_sandbox_the_demonstration_or_a_page(self):
        leaned_on = set().union(*MAY_IMPORT.values())

        assert not leaned_on & {"sandbox", "demo", "synthetic", *PAGES}


class TestEveryFile:
    @pytest.mark.parametrize("room", [room for room in ROOMS if room in MAY_IMPORT])
    def test_imports_only_what_its_room_may(self, room):
        found = [
            f"{path.relative_to(HOUSE)}: {fault}"
            for path in sorted((HOUSE / room).rglob("*.py"))
            for fault in faults(room, path.read_text(), package_of(path))
            if not ("migrations" in path.parts and any(f"import {one} " in fault for one in FOR_MIGRATIONS))
        ]

        assert found == []

    def test_of_the_energy_room_has_numpy_as_its_only_library(self):
        used = {
            name.split(".")[0]
            for path in (HOUSE / "energy").rglob("*.py")
            for name in imports(path.read_text())
        }

        assert used <= ENERGY_ONLY_NUMPY | {"gridshare_portal"} | set(sys.stdlib_module_names)

    def test_is_written_with_absolute_imports(self):
        relative = [
            str(path)
            for path in FILES
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.level
        ]

        assert relative == []


def module_of(path):
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circle(sources):
    """Return a circle of modules that import each other, if there is one; `sources` by the module's name."""
    graph = {name: {one for one in imports(source) if one in sources} for name, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        return found.args[1]
    return None


class TestFiles:
    def test_need_each_other_in_one_direction_only(self):
        assert circle({module_of(path): path.read_text() for path in FILES}) is None

    def test_that_need_each_other_would_be_found(self):
        far = "def late():\n    from gridshare_portal.sites import near"

        assert circle(
            {
                "gridshare_portal.sites.near": "from gridshare_portal.sites import far",
                "gridshare_portal.sites.far": far,
            }
        )

    def test_wake_tasks_that_are_there(self):
        named = {name for path in FILES for name in re.findall(r'wake\(\s*"([^"]+)"', path.read_text())}

        assert len(named) > 10
        for name in named:
            assert callable(import_string(f"gridshare_portal.{name}").delay), name

    def test_of_tasks_are_named_in_settings_as_they_are(self):
        named = [
            *settings.CELERY_TASK_ROUTES,
            *(one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()),
        ]

        assert [name for name in named if import_string(name).name != name] == []

    @pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda one: one.name)
    def test_of_a_folder_are_few_and_do_not_repeat_its_name(self, folder):
        names = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]

        assert len(names) <= MOST_FILES
        assert [name for name in names if folder != HOUSE and name.startswith(folder.name)] == []


def upward(room, text):
    """Name the pages of rooms above that a text of a room leads to, by the name of an address or a template."""
    above = PAGES - {room} if room not in PAGES else set()
    named = re.findall(r"""["']([a-z_]+):[a-z_]+["']""", text)
    shown = re.findall(r"""\{% *(?:extends|include) *["']([a-z_]+)/""", text)
    beside = {one for one in shown if one in MAY_IMPORT and one != room}
    return {one for one in named if one in above} | beside


class TestNamesOfPages:
    @pytest.mark.parametrize("room", [room for room in ROOMS if room in MAY_IMPORT])
    def test_stand_in_no_room_below_them(self, room):
        templates = (HOUSE.parent / "templates" / room).rglob("*.*")
        found = [
            f"{path.name} leads to {', '.join(names)}"
            for path in [*(HOUSE / room).rglob("*.py"), *templates]
            if (names := upward(room, path.read_text()))
        ]

        assert found == []

    @pytest.mark.parametrize(
        ("room", "text"),
        [
            ("access", """reverse("homeowner:sharing")"""),
            ("accounts", """{% url 'retailer:portfolio' slug=one.slug %}"""),
            ("retailer", """{% extends "installer/layout.html" %}"""),
            ("retailer", """{% include "homeowner/_plan_row.html" with row=row %}"""),
        ],
    )
    def test_would_be_found_there(self, room, text):
        assert upward(room, text)


class TestTheWatchman:
    """The test itself: what it would say of files that do not stand."""

    @pytest.mark.parametrize(
        ("room", "source"),
        [
            ("sites", "from gridshare_portal.access import policy"),
            ("sites", "import gridshare_portal.telemetry.models"),
            ("sites", "def late():\n    from gridshare_portal import control"),
            ("sites", "from gridshare_portal import settings"),
            ("sites", "from ..access import policy"),
            ("sites", "import importlib\nimportlib.import_module('gridshare_portal.control.changes')"),
            ("energy", "from django.db import models"),
            ("sites", "from gridshare_portal.templatetags import energy"),
            ("gridshare", "from gridshare_portal.celery import wake"),
            ("homeowner", "from gridshare_portal.sandbox import world"),
        ],
    )
    def test_sees_what_is_not_granted(self, room, source):
        assert list(faults(room, source, f"gridshare_portal.{room}"))

    @pytest.mark.parametrize(
        ("room", "source"),
        [
            ("sites", "from gridshare_portal.lunar import tokens"),
            ("sites", "from gridshare_portal.celery import wake"),
            ("sites", "from gridshare_portal.sites import models as sites"),
            ("energy", "import numpy as np"),
        ],
    )
    def test_lets_pass_what_is_granted(self, room, source):
        assert not list(faults(room, source, f"gridshare_portal.{room}"))
