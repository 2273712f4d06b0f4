"""Several workers at once, for tests of what only one of them may do."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def at_once(*works):
    """Do all of it at the same moment, each in a thread with database connections of its own; return what came of it."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
