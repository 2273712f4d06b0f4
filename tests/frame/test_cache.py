"""A real Redis that hangs, dies and comes back, behind the portal's cache."""

import os
import signal
import subprocess
import time

import pytest

from gridshare_portal import cache as portal_cache
from gridshare_portal.demo import stage
from gridshare_portal.outbound import circuit_breaker


@pytest.fixture
def redis_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("r", numbered=True)
    socket = folder / "r.sock"
    server = _start(socket, folder)
    yield server, socket
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


def _start(socket, folder):
    place = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([stage.redis_binary(), *place], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 5
    while not socket.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return server


@pytest.fixture
def cache(redis_server, monkeypatch):
    monkeypatch.setattr(
        portal_cache, "_breaker", circuit_breaker.Breaker(failures_in_a_row=portal_cache.FAILURES)
    )
    options = {"socket_timeout": 0.3, "socket_connect_timeout": 0.2}
    return portal_cache.ForgivingRedisCache(f"unix://{redis_server[1]}?db=1", {"OPTIONS": options})


class TestTheCache:
    def test_keeps_and_finds(self, cache):
        cache.set("a", 1)

        assert cache.get("a") == 1
        assert cache.incr("a") == 2
        assert cache.add("a", 5) is False

    def test_is_empty_while_redis_hangs(self, cache, redis_server):
        cache.set("a", 1)
        redis_server[0].send_signal(signal.SIGSTOP)

        assert cache.get("a", "nothing") == "nothing"
        assert cache.get_many(["a"]) == {}
        assert cache.add("b", 1) is True

    def test_leaves_redis_alone_after_three_failures(self, cache, redis_server):
        redis_server[0].send_signal(signal.SIGSTOP)
        for _ in range(portal_cache.FAILURES):
            cache.get("a")
        os.kill(redis_server[0].pid, signal.SIGCONT)

        assert cache.get("a", "not asked") == "not asked"
        assert portal_cache._breaker.is_open

    def test_takes_part_again_when_redis_is_back(self, cache, redis_server):
        redis_server[0].kill()
        redis_server[0].wait()
        assert cache.get("a", "gone") == "gone"
        redis_server[1].unlink(missing_ok=True)
        again = _start(redis_server[1], redis_server[1].parent)
        try:
            cache.set("a", 3)
            assert cache.get("a") == 3
        finally:
            again.kill()
            again.wait()
