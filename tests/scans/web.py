"""Scanners that ask running sites: wapiti as every role, and the Observatory's arithmetic of headers."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from gridshare_portal.logs import lines
from tests.scans.running import Site
from tests.scans.source import HERE, ROOT, TOOLS
from tests.scans.verdicts import Verdict

MODULES = "common,crlf,csp,csrf,cookieflags,exec,file,http_headers,permanentxss,redirect,sql,xss"
LIMITS = {
    "--skip": "csrfmiddlewaretoken",  # its own module asks what comes of a wrong one
    "--max-attack-time": "20",  # for one module, in seconds
    "--max-links-per-page": "30",
    "--max-files-per-dir": "12",
    "--tasks": "8",
    "-d": "3",
    "-t": "10",
}
LONGEST_S = 60  # for one role; what was not asked by then is not
# Never asked: what ends the session that the scanner lives by.
LEFT_OUT = ("/accounts/logout/*", "/admin/logout/*", "/account/delete/*", "/accounts/sessions/*", "/static/*")
LEFT_OUT += ("*/leave/*", "*/disconnect/*", "/accounts/lunar/*", "/accounts/2fa/*", "/admin/accounts/user/*")
PLANTED = frozenset(
    {
        "Reflected Cross Site Scripting at /hello",
        "SQL Injection at /item",
        "Path Traversal at /file",
        "Open Redirect at /go",
        "Cross Site Request Forgery at /save",
        "Cross Site Request Forgery at /send",
        "Content Security Policy Configuration at /",
        "Clickjacking Protection at /",
        "MIME Type Confusion at /",
        "HTTP Strict Transport Security (HSTS) at /",
        "HttpOnly Flag cookie at /",
        "Secure Flag cookie at /",
    }
)
BEST = 140  # by version 1.4.8, for who is in no browser's list of https hosts
HSTS = "max-age=63072000"


def wapiti(portal: Site, flawed: Site) -> list[Verdict]:
    """Scan the flawed site once, then the portal as every role, two at a time."""
    found = frozenset(_wapiti(flawed, "", flawed.folder))

    def scanned(role: str) -> Verdict:
        began_s = time.monotonic()
        folder = portal.folder / f"wapiti-{role.replace(' ', '-')}"
        folder.mkdir()
        ours = tuple(sorted(_wapiti(portal, role, folder)))
        note = f"{_asked(folder)} addresses found"
        known = {"planted": PLANTED, "found": found, "ours": ours, "seconds": time.monotonic() - began_s}
        return Verdict(scanner=f"wapiti as {role}", note=note, **known)

    with ThreadPoolExecutor(2) as side_by_side:
        return [*side_by_side.map(scanned, portal.starts), log(portal)]


def log(portal: Site) -> Verdict:
    """Read what the portal called an error while it was scanned."""
    said = portal.log.read_text() if portal.log else ""
    line = logging.LogRecord(
        "django.request", logging.ERROR, "", 0, "Internal Server Error: /planted/", (), None
    )
    refused = f"{said.count('Too Many Requests')} answers that limits refused"
    return Verdict(
        scanner="errors in the log",
        planted=frozenset({"500 at /planted/"}),
        found=frozenset(broken(lines.JsonLine().format(line))),
        ours=tuple(sorted(broken(said))),
        seconds=0,
        note=refused,
    )


def broken(said: str) -> set[str]:
    """Return the addresses at which a log says that the portal broke."""
    return {f"500 at {path}" for path in re.findall(r"Internal Server Error: ([^\s\"\\]+)", said)}


def _wapiti(site: Site, role: str, folder: Path) -> set[str]:
    report, limits = folder / "report.json", {**LIMITS, "--max-scan-time": str(LONGEST_S)}
    options = ["-m", MODULES, "--scope", "folder", "--verify-ssl", "0", "--flush-session", "--no-bugreport"]
    options += ["--store-session", str(folder), "--store-config", str(folder / "config")]
    options += [part for limit in limits.items() for part in limit]
    options += ["-v", "0", "-f", "json", "-o", str(report)]
    if role in site.sessions:
        options += ["-c", str(_cookies(site, role, folder))]
    options += [part for path in LEFT_OUT for part in ("-x", f"{site.url}{path}")]
    options += [part for path in site.starts[role] for part in ("-s", f"{site.url}{path}")]
    ran = subprocess.run(
        [str(TOOLS / "web" / "bin" / "wapiti"), "-u", f"{site.url}/", *options],
        capture_output=True, text=True, cwd=folder, env=_bare(folder),
    )  # fmt: skip
    if not report.exists():
        raise SystemExit(f"wapiti failed as {role}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    said = json.loads(report.read_text())["vulnerabilities"]
    return {
        f"{kind} at {one['path']}" for kind, some in said.items() for one in some if _holds(site, role, one)
    }


def _holds(site: Site, role: str, one: dict[str, str]) -> bool:
    """Ask again where wapiti says that a form's token is not checked.

    It compares two answers, of which it sends one with its Content-Type twice: no server reads that, so both are
    refused alike.
    """
    if "is not properly checked" not in one["info"]:
        return True
    cookies = {
        "__Host-csrf": "Zk3v9QpLw2Xt7RbN5mHcYd8TgJ4sUa6E",
        "__Host-session": site.sessions.get(role, ""),
    }
    answer = requests.post(
        f"{site.url}{one['path']}",
        data={"csrfmiddlewaretoken": "Gx5kVn" * 10 + "Wq7z"},
        headers={
            "Referer": f"{site.url}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        },
        verify=str(site.authority),
        allow_redirects=False,
        timeout=20,
    )
    return answer.status_code != 403


def _cookies(site: Site, role: str, folder: Path) -> Path:
    """Write the role's session as wapiti reads it."""
    kept = {"value": site.sessions[role], "expires": None, "secure": True, "port": None, "version": 0}
    file = folder / "cookies.json"
    file.write_text(json.dumps({site.place.partition(":")[0]: {"/": {"__Host-session": kept}}}))
    return file


def _asked(folder: Path) -> int:
    return int(json.loads((folder / "report.json").read_text())["infos"]["crawled_pages_nbr"])


def observatory(portal: Site, flawed: Site) -> list[Verdict]:
    """Score the flawed site, which must come out at the bottom, then a visitor's page and a signed-in one."""
    verdicts = []
    worst = _score(flawed)
    found = {f"below {BEST}"} if worst["score"] < BEST and worst["grade"] == "F" else set()
    for role in ("visitor", "homeowner", "retailer's admin"):
        began_s = time.monotonic()
        best = _score(portal, role)
        reached = best["score"] >= BEST
        ours = () if reached else (json.dumps(best),)
        verdicts.append(
            Verdict(
                scanner=f"Observatory as {role}",
                planted=frozenset({f"below {BEST}"}),
                found=frozenset(found),
                ours=ours,
                seconds=time.monotonic() - began_s,
                note=f"{best['grade']} {best['score']} at {best['path']} (flawed: {worst['grade']} {worst['score']})",
            )
        )
    return verdicts


def _score(site: Site, role: str = "") -> dict[str, Any]:
    cookie = f"__Host-session={site.sessions[role]}" if role in site.sessions else ""
    ran = subprocess.run(
        ["node", str(HERE / "observatory" / "score.mjs"), site.place, cookie],
        capture_output=True, text=True, cwd=ROOT,
        env={**_bare(site.folder), "NODE_EXTRA_CA_CERTS": str(site.authority), "MODULES": str(TOOLS / "observatory")},
    )  # fmt: skip
    if ran.returncode != 0:
        raise SystemExit(f"the Observatory failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def _bare(folder: Path) -> dict[str, str]:
    """Return surroundings in which a tool neither asks through a proxy nor writes into anybody's home."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
