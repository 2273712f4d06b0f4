"""What every answer says to browsers."""


class TestHeaders:
    def test_keep_others_from_embedding_pages(self, client):
        page = client.get("/healthz")

        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
