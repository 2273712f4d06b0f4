"""What the files under deploy/ say, as the programs that read them would understand it."""

import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HOME = "/opt/portal"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def procfile():
    """Return the Procfile's commands by name."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(re.fullmatch(r"(\w+): (.+)", line).groups() for line in lines)


def unit(name):
    """Return a unit's settings: each a list, for a setting may stand there more than once."""
    found = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def surroundings(one):
    """Return the variables that a unit sets itself."""
    return dict(pair.split("=", 1) for value in one.get("Environment", ()) for pair in shlex.split(value))


def as_words(command):
    """Return a command's words, whoever starts it and however it names a variable's default."""
    plain = VARIABLE.sub(r"${\1}", command.replace("$${", "${").removeprefix("exec "))
    return [word.replace(f"{HOME}/.venv/bin/", "") for word in shlex.split(plain)]


def defaults(command):
    return {name: default for name, default in VARIABLE.findall(command) if default}


def compose():
    return yaml.safe_load((DEPLOY / "compose.yml").read_text())


def in_container(service):
    """Return the words that a service of compose.yml runs; None for the image's own command."""
    command = compose()["services"][service].get("command")
    return command and as_words(command[-1] if command[0] == "sh" else shlex.join(command))


def assignments(path):
    """Return the variables that a file of settings gives a value, or leaves to be filled in."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_0-9]+=", line))
