"""The threads in which the homes of a slot go side by side."""

import threading

from gridshare_portal.runs.dispatch import pool


class TestThePool:
    def test_are_as_many_at_once_as_was_said_and_all_is_done_in_the_end(self):
        guard, busy, most, done = threading.Lock(), [], [], []
        all_here = threading.Barrier(3)

        def action():
            with guard:
                busy.append(1)
                most.append(len(busy))
            if len(done) < 1:
                all_here.wait(10)
            with guard:
                busy.pop()
                done.append(1)

        with pool.WorkerPool(3) as at_work:
            for _ in range(3):
                at_work.give(action)
            assert at_work.until_all_is_done() and len(done) == 3
            at_work.give(action)

        assert max(most) == 3 and len(done) == 4
