"""A line of the log: one JSON object, in UTC and in ASCII, with its request's id and without secrets.

Whatever is said, the line stays one line that a program can read.
"""

from __future__ import annotations

import datetime
import json
import logging

from gridshare_portal.logs import redaction
from gridshare_portal.outbound import request_id

MOST = 4_000  # characters of a message, and of the end of a trace
READ = 4 * MOST  # characters that are searched for secrets before the rest is cut off


class JsonLine(logging.Formatter):
    """Formats a record; `extra={"fields": {…}}` adds numbers and words of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line without its end."""
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname, "from": record.name}
        if name := request_id.current():
            line["request"] = name
        line["says"] = redaction.redact(_whole(_said(record)[:READ]))[:MOST]
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = redaction.redact(self.formatException(record.exc_info)[-READ:])[-MOST:]
        return json.dumps(line, default=str)


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # of a wrong placeholder, or of what was to be shown there
        return f"{record.msg} (and what cannot be put into it)"


def _whole(text: str) -> str:
    """Return the text without a last word that may have been cut, and so not be known for a secret."""
    return text.rsplit(maxsplit=1)[0] if len(text) == READ and " " in text else text
