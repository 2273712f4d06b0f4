import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import parallel, responses
from gridshare_portal.outbound import circuit_breaker
from tests.gridshare import servers

SITES = b'{"entries":[]}'


class TestRetryAfter:
    def test_keeps_everybody_from_that_host(self, client_of):
        answer = servers.status("429 Slow down", b"{}", b"Retry-After: 120")
        with servers.serving(answer) as server:
            with pytest.raises(errors.TooManyRequests) as first:
                client_of(server).list_sites()
            with pytest.raises(errors.Unavailable) as second:
                client_of(server).list_devices()

        assert first.value.retry_after_s == 120
        assert 119 < second.value.retry_after_s <= 120
        assert len(server.requests) == 1

    def test_leaves_other_hosts_alone(self, client_of):
        busy = servers.status("503 Later", b"{}", b"Retry-After: 120")
        with servers.serving(busy) as server, servers.serving(servers.json_answer(SITES)) as other:
            with pytest.raises(errors.ServerError):
                client_of(server).list_sites()

            assert client_of(other).list_sites() == ()

    def test_is_waited_for_by_a_read_that_has_the_time(self, client_of):
        busy = servers.status("429 Slow down", b"{}", b"Retry-After: 1")
        with servers.serving(servers.in_turn(busy, servers.json_answer(SITES))) as server:
            started = time.monotonic()
            client_of(server).list_sites()

        assert 1 <= time.monotonic() - started < 2
        assert len(server.requests) == 2

    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            (None, None),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("1.5", 1.5),
            ("1.", None),
            ("٣", None),
            ("0", 0),
            ("120", 120),
            ("86400", 3600),
            ("9" * 10, 3600),
            ("9" * 40, 3600),
            ("9" * 400, 3600),
            ("Sun, 99 Nov 2026 00:00:00 GMT", None),
        ],
    )
    def test_is_read_in_seconds(self, value, seconds):
        assert responses.retry_after_s(value) == seconds

    @pytest.mark.parametrize(("ahead_s", "seconds"), [(90, 90), (-90, 0), (9000, 3600)])
    def test_is_read_as_a_date(self, ahead_s, seconds):
        now = datetime(2026, 11, 1, tzinfo=UTC)
        value = format_datetime(now + timedelta(seconds=ahead_s), usegmt=True)

        assert responses.retry_after_s(value, now=now) == seconds

    @pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "UTC"])
    def test_is_read_with_every_way_of_writing_utc(self, zone):
        now = datetime(2026, 11, 1, tzinfo=UTC)

        assert responses.retry_after_s(f"Sun, 01 Nov 2026 00:01:30 {zone}", now=now) == 90


class TestBeingAskedTooOften:
    @pytest.fixture
    def clock(self, monkeypatch):
        at = [1000.0]
        monkeypatch.setattr(circuit_breaker.time, "monotonic", lambda: at[0])
        return at

    def test_brings_pauses_that_double_with_jitter_up_to_half_a_minute(self, clock):
        breaker, pauses = circuit_breaker.Breaker(), []
        for _ in range(8):
            breaker.throttled()
            pauses.append(breaker.paused_for_s())
            clock[0] += 31
        least = [0.5, 1, 2, 4, 8, 15, 15, 15]

        assert all(low <= pause <= 2 * low for pause, low in zip(pauses, least, strict=True))
        assert len(set(pauses)) == 8

    def test_by_calls_side_by_side_counts_once(self, clock):
        breaker = circuit_breaker.Breaker()
        for _ in range(9):
            breaker.throttled()

        assert breaker.paused_for_s() <= 1
        assert [breaker.enter(within_s=0) for _ in range(17)] == [True] * 16 + [False]

    def test_halves_the_pace_and_answers_bring_it_back(self, clock):
        breaker = circuit_breaker.Breaker()
        for _ in range(9):
            breaker.throttled()
            clock[0] += 31
        assert [breaker.enter(within_s=0) for _ in range(2)] == [True, False]
        breaker.leave()
        for _ in range(1000):
            breaker.answered()

        assert [breaker.enter(within_s=0) for _ in range(33)] == [True] * 32 + [False]
        breaker.throttled()
        assert breaker.paused_for_s() <= 1

    def test_without_a_word_for_how_long_slows_all_calls_down_until_they_are_answered(self, client_of):
        asked = []

        def busy(connection, request, number):
            asked.append(time.monotonic())
            answer = servers.status("429 Slow down") if len(asked) <= 4 else servers.json_answer(SITES)
            return answer(connection, request, number)

        with servers.serving(busy) as server:
            caller = client_of(server, deadline_s=20)
            found = parallel.gather([caller.list_sites] * 9, at_most=9)

        assert found == [()] * 9
        assert max(asked) - min(asked) >= 0.5 and len(asked) == 13

    def test_makes_a_write_wait_a_moment_and_no_longer(self, client_of):
        with servers.serving(servers.json_answer(b'{"mode": "Smart"}')) as server:
            breaker = circuit_breaker.for_host(server.url.removeprefix("http://"))
            breaker.pause(for_s=0.5)
            client_of(server).set_device_operation_mode("d1", mode="Smart")
            breaker.pause(for_s=5)
            with pytest.raises(errors.Unavailable):
                client_of(server).set_device_operation_mode("d1", mode="Smart")

        assert len(server.requests) == 1


class TestTheBreaker:
    def test_opens_after_five_failures_in_a_row_and_lets_one_call_through(self, client_of, monkeypatch):
        with servers.serving(servers.status("500 Oops")) as server:
            caller = client_of(server)
            for _ in range(6):
                with pytest.raises(errors.GridshareError):
                    caller.list_sites()
            assert len(server.requests) == circuit_breaker.FAILURES_IN_A_ROW

            moment = time.monotonic()
            monkeypatch.setattr(
                circuit_breaker.time, "monotonic", lambda: moment + circuit_breaker.PROBE_EVERY_S
            )
            with pytest.raises(errors.GridshareError):
                caller.list_sites()

        assert len(server.requests) == circuit_breaker.FAILURES_IN_A_ROW + 1

    def test_closes_with_the_first_answer(self):
        for _ in range(circuit_breaker.FAILURES_IN_A_ROW):
            circuit_breaker.for_host("host").failed()
        assert not circuit_breaker.for_host("host").admits()

        circuit_breaker.for_host("host").answered()

        assert circuit_breaker.for_host("host").admits()

    def test_lets_a_single_probe_through(self, monkeypatch):
        for _ in range(circuit_breaker.FAILURES_IN_A_ROW):
            circuit_breaker.for_host("host").failed()
        moment = time.monotonic()
        monkeypatch.setattr(
            circuit_breaker.time, "monotonic", lambda: moment + circuit_breaker.PROBE_EVERY_S + 1
        )

        assert [circuit_breaker.for_host("host").admits() for _ in range(3)] == [True, False, False]

    def test_does_not_open_for_refusals(self, client_of):
        with servers.serving(servers.status("403 No")) as server:
            for _ in range(8):
                with pytest.raises(errors.Forbidden):
                    client_of(server).list_sites()

        assert len(server.requests) == 8

    def test_refuses_a_write_before_it_is_sent(self, client_of):
        with servers.serving(servers.json_answer(b"{}")) as server:
            for _ in range(circuit_breaker.FAILURES_IN_A_ROW):
                circuit_breaker.for_host(server.url.removeprefix("http://")).failed()
            with pytest.raises(errors.Unavailable) as refused:
                client_of(server).set_device_operation_mode("d1", mode="Smart")

        assert not refused.value.may_have_happened
        assert server.requests == []
