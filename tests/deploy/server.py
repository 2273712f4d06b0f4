"""A server that was set up by deploy/README.md: the units' programs with the example's settings, and no other."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from gridshare_portal.demo import supervisor
from tests.deploy import files

ALSO_COPIED = ("deploy",)
HASTY = str(Path(__file__).parent / "hasty")
MACHINE = ("PATH", "HOME", "LANG", "TMPDIR")


class Server:
    """The folders of one machine, and what runs there."""

    def __init__(self, folder: Path, settings: dict[str, str]):
        self.home, self.backups, self.mail = folder / "portal", folder / "backups", folder / "mail"
        self.settings = settings
        self.running: dict[str, subprocess.Popen] = {}
        for one in (self.home, self.mail):
            one.mkdir()
        self._copy_what_a_release_holds()

    def _copy_what_a_release_holds(self):
        let_in = re.findall(r"^!(\S+)", (files.ROOT / ".dockerignore").read_text(), re.MULTILINE)
        for name in (*let_in, *ALSO_COPIED):
            source = files.ROOT / name
            if source.is_dir():
                leave = shutil.ignore_patterns("__pycache__", "demo", "sandbox")
                shutil.copytree(source, self.home / name, ignore=leave)
            else:
                shutil.copy(source, self.home / name)
        (self.home / ".venv").symlink_to(sys.prefix)

    def commands(self, unit):
        """Return what a unit starts here, as systemd would read it, and the variables it starts it with."""
        read = files.unit(unit)
        surroundings = {name: os.environ[name] for name in MACHINE if name in os.environ}
        surroundings |= files.surroundings(read) | self.settings
        places = {files.HOME: str(self.home), "/var/backups/portal": str(self.backups)}
        found = []
        for command in read["ExecStart"]:
            for place, here in places.items():
                command = command.replace(place, here)
            found.append(
                [files.VARIABLE.sub(lambda v: surroundings[v[1]], word) for word in shlex.split(command)]
            )
        return found, surroundings

    def run(self, unit, **also):
        """Run a unit that ends by itself; return what it said."""
        commands, surroundings = self.commands(unit)
        return "".join(self._finished(command, surroundings | also) for command in commands)

    def _finished(self, command, surroundings):
        into = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        ran = subprocess.run(command, cwd=self.home, env=surroundings, **into)
        assert ran.returncode == 0, ran.stdout
        return ran.stdout

    def start(self, unit):
        [command], surroundings = self.commands(unit)
        said = (self.home.parent / f"{unit}.txt").open("w")
        self.running[unit] = subprocess.Popen(
            command, cwd=self.home, env=surroundings, stdout=said, stderr=said, start_new_session=True,
            preexec_fn=supervisor.end_with_parent if sys.platform == "linux" else None,
        )  # fmt: skip

    def said(self, unit):
        return (self.home.parent / f"{unit}.txt").read_text()

    def ask_to_stop(self, unit):
        """Send what systemd sends with KillMode=mixed: SIGTERM to the first process alone."""
        self.running[unit].send_signal(signal.SIGTERM)

    def stop(self):
        for unit in self.running:
            self.ask_to_stop(unit)
        for child in self.running.values():
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def letter(self):
        """Return the newest e-mail as text."""
        newest = max(self.mail.iterdir(), key=lambda file: file.stat().st_mtime)
        return newest.read_text()


def until(holds, *, within_s=60.0):
    deadline = time.monotonic() + within_s
    while True:
        try:
            if found := holds():
                return found
        except requests.RequestException:
            pass
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)
