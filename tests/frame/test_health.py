"""Whether the portal is ready to answer."""

import pytest
from django.db import connection


class TestHealth:
    @pytest.mark.django_db
    def test_is_ready_with_a_database(self, client):
        assert client.get("/readyz").status_code == 200

    @pytest.mark.django_db
    def test_is_not_ready_without(self, client, monkeypatch):
        def refuse(*_args, **_options):
            from django.db import OperationalError

            raise OperationalError("gone")

        monkeypatch.setattr(connection, "cursor", refuse)

        page = client.get("/readyz")

        assert page.status_code == 503
        assert b"gone" not in page.content
