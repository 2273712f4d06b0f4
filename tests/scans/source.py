"""Scanners that read the source: bandit with its own rules, semgrep with ours.

In a planted file a comment at the end of a line names the rule that must find it there: `# planted: rule`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.scans.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".scanners"
HERE = Path(__file__).resolve().parent
PLANTED = {
    "bandit": [HERE / "planted" / "server.py"],
    "semgrep": [HERE / "planted" / "views.py", HERE / "planted" / "page.html"],
}
_MARK = re.compile(r"planted: ([\w, -]+)")
Scan = Callable[[Sequence[Path]], set[str]]


def bandit() -> Verdict:
    return _verdict("bandit", _bandit, [ROOT / "gridshare_portal", ROOT / "manage.py"])


def semgrep() -> Verdict:
    return _verdict("semgrep", _semgrep, [ROOT / "gridshare_portal", ROOT / "templates"])


def _verdict(name: str, scan: Scan, ours: list[Path]) -> Verdict:
    began_s = time.monotonic()
    planted = {where for path in PLANTED[name] for where in marked(path)}
    found, in_portal = scan(PLANTED[name]), scan(ours)
    return Verdict(
        scanner=name,
        planted=frozenset(planted),
        found=frozenset(found),
        ours=tuple(sorted(in_portal)),
        seconds=time.monotonic() - began_s,
    )


def marked(path: Path) -> set[str]:
    """Return what a planted file says must be found in it."""
    lines = enumerate(path.read_text().splitlines(), 1)
    found = ((number, rule) for number, line in lines for rule in _rules(line))
    return {f"{path.relative_to(ROOT)}:{number} {rule}" for number, rule in found}


def _rules(line: str) -> list[str]:
    mark = _MARK.search(line)
    return [rule.strip() for rule in mark[1].split(",")] if mark else []


def _bandit(paths: Sequence[Path]) -> set[str]:
    command = [str(TOOLS / "source" / "bin" / "bandit"), "-q", "-ll", "-f", "json", "-r", *map(str, paths)]
    return {_where(one["filename"], one["line_number"], one["test_id"]) for one in _run(command)["results"]}


def _semgrep(paths: Sequence[Path]) -> set[str]:
    rules = ["--config", str(HERE / "rules.yml")]
    quiet = ["--metrics", "off", "--disable-version-check", "--json", "--quiet", "--no-git-ignore"]
    command = [str(TOOLS / "source" / "bin" / "semgrep"), "scan", *rules, *quiet, *map(str, paths)]
    said = _run(command)
    if said["errors"]:
        raise SystemExit(f"semgrep: {json.dumps(said['errors'])[:2000]}")
    return {
        _where(one["path"], one["start"]["line"], one["check_id"].rpartition(".")[2])
        for one in said["results"]
    }


def _where(path: str, line: int, rule: str) -> str:
    return f"{os.path.relpath(Path(path).resolve(), ROOT)}:{line} {rule}"


def _run(command: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:  # what a tool keeps for itself stays out of the caller's home
        environment = {
            **os.environ,
            "HOME": home,
            "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}",
        }
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    try:
        said: dict[str, Any] = json.loads(ran.stdout)
    except ValueError:
        raise SystemExit(f"{command[0]} failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}") from None
    return said
