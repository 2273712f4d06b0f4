"""Turns what schemathesis makes from the schema alone into something that makes sense in the sandbox.

A schema cannot say which ids exist, that a plan's commands must not overlap, or which
durations there are. Only the parts of a request that are meant to be valid are touched.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from zlib import crc32

import schemathesis
from schemathesis.core.parameters import ParameterLocation

IDS = json.loads(os.environ["FUZZED_IDS"])
STEPS = {"PT5M": 5, "PT15M": 5, "PT30M": 30, "PT1H": 30, "P1D": 300}
INCLUDES = ("default", "energy", "default,energy", "energy,default")


@schemathesis.hook
def before_call(context, case, kwargs):
    parts = case.meta.components if case.meta is not None else {}
    valid = {where for where, part in parts.items() if part.mode.is_positive}
    if ParameterLocation.PATH not in parts or ParameterLocation.PATH in valid:
        _sense_in_path(case)
    if ParameterLocation.QUERY in valid:
        _sense_in_query(case)
    if ParameterLocation.BODY in valid and isinstance(case.body, dict):
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
    body = case.body
    if "commands" in body:
        case.body = body | {"commands": _plan(body["commands"][:48])}
    elif "mode" in body:
        case.body = body | {"mode": "Smart" if body["mode"] == "Unknown" else body["mode"]}
    elif "synthId" in body:
        kept = {name: value for name, value in body.items() if name not in ("kind", "siteId")}
        case.body = kept | {"synthId": case.path_parameters["synthId"]}


def _plan(commands):
    start, plan = datetime.now(UTC), []
    for command in commands:
        end = start + timedelta(minutes=1 + _number(command.get("end")) % 29)
        said = {"start": start.isoformat(), "end": end.isoformat()}
        if "powerLimit_W" in command:
            said["powerLimit_W"] = min(abs(command["powerLimit_W"]), 2400)
        plan.append(command | said | {"action": command.get("action", "hold")})
        start = end
    return plan


def _number(value):
    return crc32(repr(value).encode("utf-8", "surrogatepass"))


def _pick(salt, value, choices):
    return choices[_number((salt, value)) % len(choices)]
