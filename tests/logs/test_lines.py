"""Lines of the log."""

import json
import logging
import sys

import pytest

from gridshare_portal.logs import lines
from gridshare_portal.outbound import request_id


def line_of(says, *arguments, exc_info=None, **more):
    record = logging.LogRecord("room", logging.INFO, "", 1, says, arguments, exc_info)
    vars(record).update(more)
    line = lines.JsonLine().format(record)
    assert "\n" not in line and line.isascii() and line.isprintable()
    return json.loads(line)


class Unspeakable:
    def __str__(self):
        raise ValueError


class TestALogLine:
    @pytest.mark.parametrize(
        "said", ["a\r\nb", "c\u2028d", "\x1b[31mred\x9b", "\u202egnal", "half a pair \ud800", "ü", "\x00"]
    )
    def test_is_one_line_of_json_whatever_is_said(self, said):
        assert line_of("%s", said)["says"] == said

    @pytest.mark.parametrize(
        ("says", "arguments"), [("%d", ("x",)), ("%s %s", (1,)), ("%s", (Unspeakable(),))]
    )
    def test_is_a_line_also_where_its_words_do_not_fit(self, says, arguments):
        assert says in line_of(says, *arguments)["says"]

    def test_bears_the_request_s_id_and_fields_of_its_own(self):
        with request_id.during("0123456789abcdef"):
            line = line_of("hello", fields={"status": 200})

        assert (line["request"], line["status"], line["level"]) == ("0123456789abcdef", 200, "INFO")
        assert line["at"].endswith("+00:00")
        assert "request" not in line_of("hello")

    def test_ends_before_it_becomes_a_book(self):
        assert len(line_of("word " * 10_000)["says"]) <= lines.MOST

    def test_keeps_no_half_of_a_secret_that_a_cut_made_unknown(self):
        secret = "Zq3" + "xY7" * 12
        line = line_of("word " * ((lines.READ - 20) // 5) + " " + secret)

        assert secret[:8] not in str(line)

    def test_shows_where_an_error_came_from_without_what_it_said_in_secret(self):
        try:
            raise ValueError("refresh_token=gAAAAsecretsecret")
        except ValueError:
            line = line_of("failed", exc_info=sys.exc_info())

        assert "test_lines.py" in line["trace"] and "ValueError" in line["trace"]
        assert "secretsecret" not in str(line)
