"""Lines of the log."""

import json
import logging

from gridshare_portal import logs


class TestLogLines:
    def test_are_one_line_of_json_whatever_is_said(self):
        record = logging.LogRecord("room", logging.INFO, "", 1, "a\r\nb %s", ("c\u2028d",), None)

        line = logs.JsonLine().format(record)

        assert "\n" not in line and "\u2028" not in line
        assert json.loads(line)["says"] == "a\r\nb c\u2028d"
