"""Turns what schemathesis makes from the schema alone into something that makes sense in the sandbox.

A schema cannot say which ids exist, that a plan's commands must not overlap, or which
durations there are. Only the parts of a request that are meant to be valid are touched.
"""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from zlib import crc32

import schemathesis
from schemathesis.core.parameters import ParameterLocation

IDS = json.loads(os.environ["FUZZED_IDS"])
STEPS = {"PT5M": 5, "PT15M": 5, "PT30M": 30, "PT1H": 30, "P1D": 300}
KINDS = ("inverter", "battery_pack", "PV", "EV", "meter", "load_control_relay")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d")
INCLUDES = ("default", "energy", "default,energy", "energy,default")


@schemathesis.hook
def before_call(context, case, kwargs):
    parts = case.meta.components if case.meta is not None else {}
    valid = {where for where, part in parts.items() if part.mode.is_positive}
    if ParameterLocation.PATH not in parts or ParameterLocation.PATH in valid:
        _sense_in_path(case)
    if ParameterLocation.QUERY in valid:
        _sense_in_query(case)
    if isinstance(case.body, dict):
        _sense_in_body(case)


def _sense_in_path(case):
    known = case.path_parameters or {}
    for name, ids in IDS.items():
        if name in known and known[name] not in ids:
            known[name] = _pick(case.operation.path, known[name], ids)
    if "synthId" in known and "telemetry" not in case.operation.path:
        known["synthId"] = IDS["synthId"][0]


def _sense_in_query(case):
    query = case.query
    if not query:
        return
    bucket = _pick("bucket", query.get("bucket"), tuple(STEPS))
    for name, words in (("include", INCLUDES), ("bucket", (bucket,))):
        if name in query:
            query[name] = _pick(name, query[name], words)
    start = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(hours=_number(query.get("start")) % 4000)
    span = timedelta(days=STEPS[query.get("bucket", "PT15M")]) * (1 + _number(query.get("end")) % 9) / 10
    if "end" in query or "start" in query:
        query |= {"start": start.isoformat(), "end": (start + span).isoformat()}


def _sense_in_body(case):
    """Only values that are right as far as the schema goes are replaced, so that a wrong one stays the only one."""
    body = dict(case.body)
    if isinstance(body.get("commands"), list):
        body["commands"] = _plan(body["commands"][:48])
    if body.get("mode") == "Unknown":
        body["mode"] = "Smart"
    if "synthId" in body and "synthId" in (case.path_parameters or {}):
        known = {
            "synthId": case.path_parameters["synthId"],
            "siteId": IDS["siteId"][0],
            "kind": "battery_pack",
        }
        body |= {name: value for name, value in known.items() if name in body and _fits(name, body[name])}
    case.body = body


def _fits(name, value):
    return value in KINDS if name == "kind" else isinstance(value, str)


def _plan(commands):
    start, plan = datetime.now(UTC), []
    for command in commands:
        if not isinstance(command, dict):
            plan.append(command)
            continue
        end = start + timedelta(minutes=1 + _number(command.get("end")) % 29)
        said = {"start": start.isoformat(), "end": end.isoformat(), "action": "hold"}
        said = {name: value for name, value in said.items() if not _is_wrong(name, command)}
        power = command.get("powerLimit_W")
        if isinstance(power, int | float) and not isinstance(power, bool):
            said["powerLimit_W"] = min(abs(power), 2400)
        plan.append(command | said)
        start = end
    return plan


def _is_wrong(name, command):
    """Say whether this value is one that the schema refuses, or an action to be kept."""
    if name == "action":
        return name in command
    return name in command and not (isinstance(command[name], str) and MOMENT.match(command[name]))


def _number(value):
    return crc32(repr(value).encode("utf-8", "surrogatepass"))


def _pick(salt, value, choices):
    return choices[_number((salt, value)) % len(choices)]
