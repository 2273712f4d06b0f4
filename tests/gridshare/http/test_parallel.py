import threading
import time

import pytest

from gridshare_portal.gridshare.http import parallel
from tests.gridshare import servers


class TestGather:
    def test_returns_each_result_or_what_was_raised_in_order(self):
        mistake = KeyError("no")

        def fail():
            raise mistake

        assert parallel.gather([lambda: 1, fail, lambda: 3]) == [1, mistake, 3]
        assert parallel.gather([fail]) == [mistake]
        assert parallel.gather([]) == []

    @pytest.mark.parametrize("calls", [2, 9, 30])
    def test_makes_no_more_calls_at_a_time_than_it_may(self, calls):
        running, most, lock = 0, 0, threading.Lock()

        def call():
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

        parallel.gather([call] * calls, at_most=4)

        assert most == min(calls, 4)

    def test_reads_a_home_in_the_time_of_its_depth(self, client_of):
        def slow(connection, request, number):
            time.sleep(0.2)
            servers.json_answer(b'{"entries":[]}')(connection, request, number)

        with servers.serving(slow) as server:
            started = time.monotonic()
            results = parallel.gather([client_of(server).list_sites] * 8)

        assert results == [()] * 8
        assert time.monotonic() - started < 0.6
