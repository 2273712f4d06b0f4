"""Reads the e-mails that the demonstration writes to files instead of sending them."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "-" * 79


@dataclass(frozen=True, kw_only=True)
class Email:
    to: str
    subject: str
    sent: str
    text: str


def emails(folder: Path, *, most: int = 30) -> list[Email]:
    """Return the newest e-mails of a folder of EMAIL_FILE_PATH, newest first."""
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    found = [_parsed(part) for file in files[:most] for part in _parts(file)]
    return found[:most]


def _parts(file: Path) -> list[bytes]:
    parts = file.read_bytes().split(SEPARATOR.encode())
    return [part.strip() for part in reversed(parts) if part.strip()]


def _parsed(raw: bytes) -> Email:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    return Email(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sent=str(message["Date"]),
        text=body.get_content().strip() if body else "",
    )
