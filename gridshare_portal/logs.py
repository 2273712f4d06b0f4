"""Write each log record as one line of JSON, in UTC, with control characters escaped.

Whoever logs passes words and ids; tokens have no way in, and a test looks for them.
"""

from __future__ import annotations

import datetime
import json
import logging

MOST = 4000  # characters of a message, and of the end of a trace


class JsonLine(logging.Formatter):
    """Format a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "from": record.name, "says": record.getMessage()[:MOST]}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)[-MOST:]
        return json.dumps(line, ensure_ascii=False).replace("\u2028", "\\u2028")
