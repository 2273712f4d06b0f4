"""What every answer says to browsers."""

import pytest


class TestHeaders:
    def test_keep_others_from_embedding_pages(self, client):
        page = client.get("/healthz")

        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]

    @pytest.mark.django_db
    def test_have_browsers_forget_what_they_kept_at_sign_out_and_only_then(self, homeowner):
        assert "Clear-Site-Data" not in homeowner.get("/homes/").headers
        page = homeowner.post("/accounts/logout/")

        assert page.status_code == 302 and page.headers["Clear-Site-Data"] == '"cache", "storage"'
