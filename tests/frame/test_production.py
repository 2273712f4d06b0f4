"""What a portal in production shows of its inside: nothing."""

import pytest


class TestProduction:
    def test_has_nothing_on_that_is_for_developers(self, production):
        assert [production[name] for name in ("DEBUG", "DEMO", "STATIC_FROM_SOURCE")] == [False] * 3

    @pytest.mark.django_db
    def test_tells_nobody_what_an_error_said_or_where_it_was(self, client, monkeypatch):
        def broken(*_arguments, **_options):
            raise RuntimeError("planted words of an error")

        monkeypatch.setattr("gridshare_portal.homeowner.entry.views.render", broken)
        client.raise_request_exception = False
        page = client.get("/")

        assert page.status_code == 500
        for inside in ("planted", "RuntimeError", "Traceback", "gridshare_portal", "views.py"):
            assert inside not in page.text
