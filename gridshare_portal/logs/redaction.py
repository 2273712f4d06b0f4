"""Takes out of a text what looks like a secret, whoever wrote it there.

Nobody should write one. This is for the address in "Not Found: …", for the message of a library's error, and
for whatever comes next: a secret is known by where it stands, by its name, by its shape, or by being ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.conf import settings

HIDDEN = "[redacted]"
SHORTEST = 8  # of our own secrets: a shorter one would take words out of every line

# Parameters of addresses. Every one is in one of the two, and a test fails on an address with another.
SECRET_PARAMETERS = {"token", "key", "uidb36"}
PLAIN_PARAMETERS = {"pk", "slug", "synth_id", "campaign", "object_id", "content_type_id", "app_label", "url"}
SECRET_AFTER = (
    "/invitations/",
    "/password/reset/key/",
)  # what follows there in an address, but for a row's number

# Settings that are or hold a secret; a test fails when one is added and not named here.
SECRET_SETTINGS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "TOKEN_KEYS",
    "LUNAR_CLIENT_SECRET",
    "OPERATOR_TOKEN",
    "EMAIL_HOST_PASSWORD",
)

_NAMED = r"(?:__Host-|__Secure-)?(?:session|csrf)(?:id|token)?|csrfmiddlewaretoken|sessionid"
_TOKENS = r"(?:access|refresh|id)_token|token|secret|client_secret|password|passwd|api_?key|code_verifier"
_IN_QUERIES = r"code|state|key|nonce|code_challenge|login|email|assertion|credential"
_CODE = "[BCDFGHJKLMNPQRSTVWXZ]{4}"  # allauth's codes in e-mails have no vowels

# Each begins where a word or an address begins, so that a text made for it takes no longer than its length.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"({'|'.join(SECRET_AFTER)})(?!\d+/)[^/\s\"'<>?#]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic)\s+[^\s\"',;]{12,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(\w://)[^\s/@\"':]*:[^\s/@\"']*@"), rf"\1{HIDDEN}@"),
    (re.compile(rf"([?&;](?:{_IN_QUERIES})=)[^&;\s\"'<>#]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (
        re.compile(
            rf"((?<![\w-])[\"']?(?:{_NAMED}|{_TOKENS})[\"']?\s?[=:]\s?[\"']?)[^&;,\s\"'<>#}})]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w.-]+"), HIDDEN),
    (re.compile(r"(?<![\w-])gAAAA[\w-]{20,}=*"), HIDDEN),
    (re.compile(rf"(?<![\w-]){_CODE}-{_CODE}(?![\w-])", re.IGNORECASE), HIDDEN),
    (re.compile(r"(?<![\w.+%-])[\w.+%-]{1,254}@[\w-]+(?:\.[\w-]+)+"), f"{HIDDEN}@"),
)
_RUN = re.compile(r"[A-Za-z0-9_-]{24,}=*", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG = 40  # letters alone, of both cases: longer than the name of any class


def redact(text: str) -> str:
    """Return the text with `HIDDEN` wherever a secret stood."""
    for secret in _ours():
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _RUN.sub(lambda found: HIDDEN if _is_random(found[0]) else found[0], text)


def _is_random(run: str) -> bool:
    """Return whether a run of characters was drawn by lot: a session's id, a key, a digest; not a name."""
    if _UUID.fullmatch(run):
        return False  # of a task, a change, a proposal: rows, whose pages ask who is there
    has_digits = any(mark.isdigit() for mark in run)
    if run.upper() != run and run.lower() != run:
        return has_digits or len(run) >= _LONG
    return run.rstrip("=").isalnum() and has_digits and not run.isdigit()


def _ours() -> Iterator[str]:
    """Name the portal's own secrets, once its settings are read; the server's first process reads none."""
    if not apps.ready:
        return
    for name in SECRET_SETTINGS:
        value = getattr(settings, name, None) or ()
        yield from (one for one in ([value] if isinstance(value, str) else value) if len(one) >= SHORTEST)
    password = settings.DATABASES["default"].get("PASSWORD") or ""
    if len(password) >= SHORTEST:
        yield password
