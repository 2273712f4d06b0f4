"""A log formatter: one JSON object per line, in UTC, with control characters escaped."""

from __future__ import annotations

import datetime
import json
import logging

MOST = 4000  # characters of a message, and of the end of a trace


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "from": record.name, "says": record.getMessage()[:MOST]}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)[-MOST:]
        return json.dumps(line, ensure_ascii=False).replace("\u2028", "\\u2028")
