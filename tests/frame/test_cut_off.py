"""A host whose cable is out: nobody is told, so whoever talks to it has to give it up by itself."""

import contextlib
import socket
import time

import kombu
import pytest
from django.conf import settings
from django.db import connection

LONGEST_S = 20


@contextlib.contextmanager
def silent_server():
    """Take connections, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestRedisThatIsCutOff:
    def test_is_given_up(self):
        options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        assert 1 < options["socket_timeout"] <= LONGEST_S
        began_s = time.monotonic()
        with silent_server() as port, kombu.Connection(f"redis://127.0.0.1:{port}") as broker:
            broker.transport_options = options | {"socket_timeout": 0.3}
            with pytest.raises(kombu.exceptions.OperationalError):
                broker.default_channel.client.ping()

        assert time.monotonic() - began_s < LONGEST_S


@pytest.mark.skipif(connection.vendor != "postgresql", reason="a file cannot be cut off")
class TestPostgresThatIsCutOff:
    def test_is_given_up_by_the_portal(self):
        told = connection.get_connection_params()
        silence_s = told["keepalives_idle"] + told["keepalives_interval"] * told["keepalives_count"]

        assert silence_s <= LONGEST_S and told["tcp_user_timeout"] <= LONGEST_S * 1000

    def test_gives_up_the_portal_with_all_that_it_locked(self, db):
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, setting::int FROM pg_settings WHERE name LIKE 'tcp%%'", [])
            told = dict(cursor.fetchall())
        silence_s = (
            told["tcp_keepalives_idle"] + told["tcp_keepalives_interval"] * told["tcp_keepalives_count"]
        )

        assert 0 < silence_s <= LONGEST_S and 0 < told["tcp_user_timeout"] <= LONGEST_S * 1000
