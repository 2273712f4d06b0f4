"""A real Redis that hangs, dies and comes back, behind the portal's cache."""

import os
import signal
import subprocess
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from django.utils import timezone

from gridshare_portal import cache as portal_cache
from gridshare_portal.accounts.models import CacheEntry
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


pytestmark = pytest.mark.django_db
CODE = f"{portal_cache.USED_CODE}?user=1&code=123456"


class TestTheCache:
    def test_keeps_and_finds(self, cache):
        cache.set("a", 1)

        assert cache.get("a") == 1
        assert cache.incr("a") == 2
        assert cache.add("a", 5) is False

    def test_is_the_database_while_redis_hangs(self, cache, redis_server):
        cache.set("a", 1)
        redis_server[0].send_signal(signal.SIGSTOP)

        assert cache.get("a", "nothing") == "nothing"
        assert cache.get_many(["a"]) == {}
        assert cache.add("b", 1) is True
        assert cache.add("b", 1) is False
        assert (cache.incr("b"), cache.get("b"), cache.has_key("b")) == (2, 2, True)

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


class TestACodeThatWasUsed:
    def test_is_named_as_allauth_names_it(self):
        key = totp.TOTP(Authenticator(user_id=1))._get_used_cache_key("123456")

        assert key == CODE

    def test_before_redis_went_away_is_not_taken_again(self, cache, redis_server):
        assert cache.add(CODE, "y", timeout=30) is True
        redis_server[0].kill()

        assert cache.add(CODE, "y", timeout=30) is False

    def test_while_redis_was_away_is_not_taken_again_once_it_is_back(self, cache, redis_server):
        redis_server[0].send_signal(signal.SIGSTOP)
        assert cache.add(CODE, "y", timeout=30) is True
        redis_server[0].send_signal(signal.SIGCONT)

        assert cache.add(CODE, "y", timeout=30) is False

    def test_may_be_used_by_another_and_once_its_time_is_over(self, cache):
        assert cache.add(CODE, "y", timeout=30) is True
        assert cache.add(CODE.replace("user=1", "user=2"), "y", timeout=30) is True
        CacheEntry.objects.update(expires=timezone.now() - timedelta(seconds=1))

        assert cache.add(CODE, "y", timeout=30) is True


class TestLimitsWhileRedisIsAway:
    def test_hold(self, homeowner, settings, monkeypatch):
        monkeypatch.setattr(portal_cache, "_breaker", circuit_breaker.Breaker())
        away = {**settings.CACHES["default"], "LOCATION": "unix:///nonexistent/redis.sock?db=1"}
        settings.CACHES = {**settings.CACHES, "default": away}
        mail.outbox.clear()
        for _ in range(30):
            Client().post("/accounts/login/code/", {"email": homeowner.user.email})

        assert len(mail.outbox) == 3
