"""Several workers at once, for tests of what only one of them may do."""

import threading

from django.db import connections


def at_once(*works):
    """Do all of it at the same moment, each in a thread with database connections of its own."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
