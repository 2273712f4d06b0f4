"""`python -m tests.outdated`, also `make outdated`: which of the packages that we name are behind.

Only those named in pyproject.toml and package.json: what they need is theirs to choose. Registries are asked by
pip and npm themselves.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True, order=True)
class Behind:
    """A package that is not the newest, and what pyproject.toml lets in where it does not let that in."""

    name: str
    current: str
    newest: str
    held: str = ""

    def __str__(self) -> str:
        why = f"held at {self.held}" if self.held else "may be taken"
        return f"{self.name:30} {self.current:18} {self.newest:18} {why}"


def named(project: Mapping[str, object]) -> dict[str, Requirement]:
    """Return what pyproject.toml names, by canonical name."""
    of_project, groups = project["project"], project.get("dependency-groups", {})
    assert isinstance(of_project, dict) and isinstance(groups, dict)
    lines = [*of_project["dependencies"], *(line for group in groups.values() for line in group)]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found}


def behind(installed: Iterable[Mapping[str, str]], known: Mapping[str, Requirement]) -> list[Behind]:
    """Return those of pip's outdated packages that are named, with what holds them."""
    found = []
    for one in installed:
        requirement = known.get(canonicalize_name(one["name"]))
        if requirement is None:
            continue
        is_let_in = requirement.specifier.contains(one["latest_version"])
        held = "" if is_let_in else str(requirement.specifier)
        found.append(
            Behind(name=requirement.name, current=one["version"], newest=one["latest_version"], held=held)
        )
    return sorted(found)


def behind_of_npm(said: Mapping[str, Mapping[str, str]], known: Mapping[str, str]) -> list[Behind]:
    """Return those of npm's outdated packages that are named; package.json names exact versions."""
    return sorted(
        Behind(name=name, current=one.get("current", "?"), newest=one["latest"])
        for name, one in said.items()
        if name in known
    )


def main() -> int:
    """Print what is behind; the exit status says whether something may be taken."""
    known = named(tomllib.loads((ROOT / "pyproject.toml").read_text()))
    found = behind(_asked([sys.executable, "-m", "pip", "list", "--outdated", "--format=json"], []), known)
    package = json.loads((ROOT / "package.json").read_text())
    of_node = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    found += behind_of_npm(_asked(["npm", "outdated", "--json"], {}), of_node)
    print(f"{'package':30} {'here':18} {'newest':18}")
    print("\n".join(map(str, found)) or "nothing is behind")
    return int(any(not one.held for one in found))


def _asked(command: list[str], nothing: object):
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    try:
        return json.loads(ran.stdout) if ran.stdout.strip() else nothing
    except ValueError:
        raise SystemExit(f"{' '.join(command)} failed:\n{ran.stderr[-2000:]}") from None


if __name__ == "__main__":
    sys.exit(main())
