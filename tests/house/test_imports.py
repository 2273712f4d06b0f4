"""Who may lean on whom. A new arrow is drawn here, in the commit that needs it, with its reason."""

import ast
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2] / "gridshare_portal"

MAY_IMPORT = {  # in the order of building: each room names only rooms above it here
    "gridshare": set(),
    "energy": set(),
    "audit": set(),
    "accounts": {"audit"},
    "lunar": {"audit"},
    "sites": {"gridshare", "lunar"},
    # lunar: what was shared by way of a connection ends with it.
    "access": {"accounts", "audit", "lunar", "sites"},
    "telemetry": {"energy", "gridshare", "sites"},
    # accounts: a bulk run belongs to an organization, and is carried only while an admin of it stands behind it.
    "control": {"access", "accounts", "audit", "gridshare", "sites"},
    # accounts: whom a home is shared with, and for staff who walk through, their organization.
    # energy: the periods that a page's dates and charts stand for.
    # gridshare: a plan and its commands, by whose types control speaks of them.
    "homeowner": {
        "access",
        "accounts",
        "audit",
        "control",
        "energy",
        "gridshare",
        "lunar",
        "sites",
        "telemetry",
    },
    # The staff doors also name the organization and role of whoever stands in them (accounts), what a connection
    # allows and how it fared (lunar), and local days and balances (energy).
    "installer": {"access", "accounts", "audit", "control", "energy", "lunar", "sites", "telemetry"},
    "retailer": {"access", "accounts", "audit", "control", "energy", "lunar", "sites", "telemetry"},
    "sandbox": set(),
    # What exists only in the demonstration: the supervisor, the page of e-mails, sign-in by one click.
    # It needs no room, and no room may import it, so that nothing of it can be reached where DEMO is off.
    "demo": set(),
}
NO_DJANGO = {"gridshare", "energy", "sandbox"}
FRAME_FOR_ROOMS = {"celery"}  # `wake` is the one thing of the frame that rooms may use
PAGES = {"homeowner", "installer", "retailer"}
FRAME_FOR_PAGES = {
    "templatetags"
}  # numbers become words there and nowhere else, also in sentences made in Python
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
FRAME_FOLDERS = {"templatetags", "management"}


def faults(room, source, package):
    granted = MAY_IMPORT[room] | FRAME_FOR_ROOMS | (FRAME_FOR_PAGES if room in PAGES else set())
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

        assert not leaned_on & {"sandbox", "demo", *PAGES}


class TestEveryFile:
    @pytest.mark.parametrize("room", [room for room in ROOMS if room in MAY_IMPORT])
    def test_imports_only_what_its_room_may(self, room):
        found = [
            f"{path.relative_to(HOUSE)}: {fault}"
            for path in sorted((HOUSE / room).rglob("*.py"))
            for fault in faults(room, path.read_text(), package_of(path))
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
