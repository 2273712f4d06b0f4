"""How much a service gives at once, how often it lets one ask, and how it says no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import Answer, buckets
from gridshare_portal.probe.findings import Finding

SUBJECT = "Limits"
NEXT = ("nextToken", "next", "nextPage", "nextCursor", "cursor", "continuationToken", "links", "_links",
        "pagination", "page", "hasMore", "total", "count", "offset", "limit")  # fmt: skip
MORE = {"nextToken", "next", "nextPage", "nextCursor", "continuationToken"}  # what stands only where more is
NUMBERS = ("retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit",
           "x-ratelimit-remaining", "x-ratelimit-reset", "age")  # fmt: skip
PRESENT = ("etag", "last-modified", "link", "cache-control", "content-encoding", "strict-transport-security",
           "x-amzn-requestid", "x-amz-apigw-id", "x-request-id", "deprecation", "sunset")  # fmt: skip
FIELDS = ("message", "code", "Message", "error", "errors", "error_description", "detail", "title", "type",
          "status", "requestId")  # fmt: skip
CODES = ("MalformedInput", "Unauthorized", "Forbidden", "Unprocessable", "NotFound", "TooManyRequests",
         "BadRequest", "ValidationError", "InternalError")  # fmt: skip
MESSAGES = ("Missing Authentication Token", "Forbidden", "Unauthorized", "Not Found", "Too Many Requests",
            "Internal server error", "Internal Server Error", "Endpoint request timed out",
            "Limit Exceeded")  # fmt: skip


def paging(answers: Mapping[str, Answer]) -> Finding:
    """Say whether a list may go on in another answer; the keys say what was listed."""
    going_on = [what for what, one in answers.items() if _goes_on(one)]
    if going_on:
        sentence = (
            f"{', '.join(going_on)}: the list goes on in a further answer, and the rest would be missing."
        )
        return findings.different(SUBJECT, "paged", sentence)
    names = findings.known((name for one in answers.values() for name in one.fields if name in NEXT), NEXT)
    if names:
        return findings.expected(SUBJECT, "paging_known", f"Lists bear {', '.join(names)}, and were whole.")
    return findings.expected(SUBJECT, "whole", "Lists come whole, with no word of further pages.")


def spans(by_days: Mapping[int, tuple[Answer, datetime, datetime]]) -> Finding:
    """Say how many days of quarters of an hour are given at once; the portal asks for seven at most."""
    given, most = [], max(by_days)
    for days, (answer, start, end) in sorted(by_days.items()):
        found = buckets(answer)
        goes_back = answer.is_given and bool(found) and found[-1].at >= end - timedelta(days=1)
        if goes_back and found[0].at <= start + timedelta(days=1):
            given.append(days)
    if not given:
        return findings.different(SUBJECT, "span_short", f"Not even {min(by_days)} days came in one answer.")
    word = "span" if 7 in given else "span_short"
    tell = findings.expected if word == "span" else findings.different
    largest = max(given)
    beyond = "" if largest == most else f", {min(d for d in by_days if d > largest)} do not"
    return tell(SUBJECT, word, f"{largest} days come in one answer{beyond}.")


def headers(answers: Iterable[Answer]) -> list[Finding]:
    """Say which headers tell of limits and copies; of their values only numbers are said."""
    told: dict[str, str] = {}
    for one in answers:
        for name in NUMBERS:
            value = one.headers.get(name, "").strip()
            if re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
                told[name] = value
    present = sorted({name for one in answers for name in PRESENT if name in one.headers})
    limits = ", ".join(f"{name} {value}" for name, value in sorted(told.items()))
    found = findings.expected(SUBJECT, "rate", f"Headers about limits: {limits or 'none'}.")
    return [found, findings.expected(SUBJECT, "headers", f"Other headers: {', '.join(present) or 'none'}.")]


def refusal(what: str, answer: Answer) -> Finding:
    """Say how a question is refused that cannot be answered."""
    subject = "Refusals"
    if answer.status is None:
        return findings.unknown(subject, "no_answer", f"{what}: no answer came.")
    if answer.is_given:
        count = len(answer.entries)
        return findings.expected(subject, "not_refused", f"{what}: not refused, {count} entries.")
    if not answer.is_json:
        return findings.different(subject, "refusal_no_json", f"{what}: {answer.status}, and no JSON.")
    names = findings.known(answer.fields, FIELDS)
    codes = findings.known([answer.fields.get("code")], CODES)
    words = findings.known([answer.fields.get("message")], MESSAGES)
    quoted = [f'code "{one}"' for one in codes if one in CODES]
    quoted += [f'message "{one}"' for one in words if one in MESSAGES]
    parts = [f"fields {', '.join(names) or 'none'}", *quoted]
    return findings.expected(subject, "refusal", f"{what}: {answer.status} with {'; '.join(parts)}.")


def silent(statuses: Mapping[str, Answer]) -> list[Finding]:
    """Say which sensors gave no readings of a finished day, and how they said so."""
    told = []
    for name, answer in statuses.items():
        if answer.status is None or answer.status >= 400:
            why = "its id cannot be used by the portal" if answer.error == "BadId" else "no answer came"
            why = why if answer.status is None else f"refused with {answer.status}"
            sentence = f"{name}: {why}, so its readings are not known."
            told.append(findings.different("Telemetry", "sensor_refused", sentence))
        elif not answer.is_given:
            told.append(findings.different("Telemetry", "no_json", f"{name}: the answer is no JSON."))
        elif not answer.entries:
            told.append(
                findings.different("Telemetry", "sensor_empty", f"{name}: no readings of a finished day.")
            )
    return told


def _goes_on(answer: Answer) -> bool:
    return any(answer.fields.get(name) not in (None, "", False, [], {}) for name in MORE) or (
        answer.fields.get("hasMore") is True
    )
