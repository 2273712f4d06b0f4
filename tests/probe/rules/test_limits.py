"""Pages, spans, headers and refusals."""

from datetime import timedelta

import pytest

from gridshare_portal.probe.answers import Answer
from gridshare_portal.probe.rules import limits
from tests.probe.made import END, entries, given, refused

DAY = timedelta(days=1)


class TestPages:
    @pytest.mark.parametrize(("fields", "word"), [
        ({"nextToken": "abc"}, "paged"), ({"next": "https://x"}, "paged"), ({"hasMore": True}, "paged"),
        ({"nextToken": None}, "paging_known"), ({"nextToken": ""}, "paging_known"), ({"hasMore": False}, "paging_known"),
        ({"total": 3}, "paging_known"), ({}, "whole"), ({"Mr Smith": 1}, "whole"),
    ])  # fmt: skip
    def test_are_seen_by_the_word_for_more(self, fields, word):
        told = limits.paging({"Homes": given([]), "Readings": given([], **fields)})

        assert told.word == word
        assert "abc" not in told.sentence and "Smith" not in told.sentence and "https" not in told.sentence


class TestSpans:
    def spans(self, *given_days):
        hours = timedelta(hours=1)
        asked = {days: (END - days * DAY) for days in (1, 7, 31)}
        return {
            days: (
                given(entries(start=start, end=END, step=hours)) if days in given_days else refused(422),
                start,
                END,
            )
            for days, start in asked.items()
        }

    @pytest.mark.parametrize(("given_days", "word", "says"), [
        ((1, 7), "span", "7 days come in one answer, 31 do not."), ((1, 7, 31), "span", "31 days come in one answer."),
        ((1,), "span_short", "1 days come in one answer, 7 do not."), ((), "span_short", "Not even 1"),
    ])  # fmt: skip
    def test_are_as_long_as_was_given(self, given_days, word, says):
        told = limits.spans(self.spans(*given_days))

        assert (told.word, told.sentence.startswith(says)) == (word, True)

    @pytest.mark.parametrize("part", [slice(200, None), slice(None, -200)])
    def test_are_shorter_where_the_answer_breaks_off(self, part):
        spans = self.spans(1, 7, 31)
        spans[31] = (given(spans[31][0].entries[part]), *spans[31][1:])

        assert limits.spans(spans).sentence == "7 days come in one answer, 31 do not."


class TestHeaders:
    def test_about_limits_are_told_with_their_numbers(self):
        found = [
            Answer(
                status=200, headers={"x-ratelimit-limit": "100", "retry-after": "soon", "etag": "W/secret"}
            ),
            Answer(status=200, headers={"x-amzn-requestid": "6f1c", "x-owner": "Smith", "age": "7"}),
        ]
        rate, others = limits.headers(found)

        assert rate.sentence == "Headers about limits: age 7, x-ratelimit-limit 100."
        assert others.sentence == "Other headers: etag, x-amzn-requestid."


class TestARefusal:
    @pytest.mark.parametrize(("answer", "word", "says"), [
        (refused(422, {"message": "No such bucket for Mr Smith", "code": "Unprocessable"}), "refusal",
         '422 with fields code, message; code "Unprocessable".'),
        (refused(403, {"message": "Missing Authentication Token"}), "refusal",
         '403 with fields message; message "Missing Authentication Token".'),
        (refused(400, {"message": "Smith", "code": "SMITH", "who": 1}), "refusal", "400 with fields code, message, 1 unknown."),
        (refused(400, []), "refusal", "400 with fields none."),
        (Answer(status=502), "refusal_no_json", "502, and no JSON."),
        (Answer(error="Timeout"), "no_answer", "no answer came."),
        (given([1, 2]), "not_refused", "not refused, 0 entries."),
    ])  # fmt: skip
    def test_is_told_by_its_shape(self, answer, word, says):
        told = limits.refusal("A question", answer)

        assert (told.word, told.sentence) == (word, f"A question: {says}")

    @pytest.mark.parametrize(("answer", "word"), [
        (refused(404), "sensor_refused"), (refused(403, {}), "sensor_refused"), (Answer(error="BadId"), "sensor_refused"),
        (Answer(status=200), "no_json"), (given([]), "sensor_empty"),
    ])  # fmt: skip
    def test_of_readings_is_told_of_each_sensor(self, answer, word):
        assert [one.word for one in limits.silent({"a": answer, "b": given(entries()[:1])})] == [word]
