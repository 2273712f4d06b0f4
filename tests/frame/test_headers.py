"""What every answer says to browsers."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from gridshare_portal.accounts.signing_in import sessions
from gridshare_portal.browsers import headers


class TestHeaders:
    def test_keep_others_from_embedding_pages(self, client):
        page = client.get("/healthz")

        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("path", ["/healthz", "/nowhere/", "/metrics", "/accounts/login/", "/admin/"])
    @pytest.mark.django_db
    def test_let_nobody_keep_what_does_not_say_otherwise(self, client, path):
        assert "no-store" in client.get(path).headers["Cache-Control"]

    @pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/json", "text/csv", "x/y"])
    def test_do_so_for_every_kind_of_answer_and_leave_what_was_said(self, rf, kind):
        plain = headers.isolate(lambda request: HttpResponse("x", content_type=kind))
        said = {"Cache-Control": "max-age=300, public"}
        kept = headers.isolate(lambda request: HttpResponse("x", content_type=kind, headers=said))

        assert plain(rf.get("/")).headers["Cache-Control"] == "no-store"
        assert kept(rf.get("/")).headers["Cache-Control"] == "max-age=300, public"


OF_PRODUCTION = ("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS")


class TestEveryAnswer:
    """Over https: a page, a refusal, a redirect, a file, and what programs ask for."""

    @pytest.fixture
    def over_https(self, settings, production):
        for name in OF_PRODUCTION:
            setattr(settings, name, production[name])
        return Client()

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/", 200), ("/nowhere/", 404), ("/homes/", 302), ("/static/css/tokens.css", 200), ("/healthz", 200)]
        + [("/static/img/favicon.svg", 200), ("/static/nothing.js", 404), ("/accounts/login/", 200)],
    )  # fmt: skip
    @pytest.mark.django_db
    def test_bears_every_header(self, over_https, path, status):
        answer = over_https.get(path, secure=True)
        said = answer.headers
        policy = dict(one.strip().partition(" ")[::2] for one in said["Content-Security-Policy"].split(";"))

        assert answer.status_code == status
        age, *more = said["Strict-Transport-Security"].removeprefix("max-age=").split("; ")
        assert int(age) >= 365 * 24 * 3600 and "includeSubDomains" in more
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert "object-src" not in policy and "unsafe" not in said["Content-Security-Policy"]
        assert said["X-Content-Type-Options"] == "nosniff"
        assert said["Referrer-Policy"] == "same-origin"
        assert said["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in said


FORGET = '"cache", "storage"'


@pytest.mark.django_db
class TestABrowser:
    """Forgets what it kept when its session is over, by whomever it was ended, and only then."""

    def test_keeps_it_while_somebody_is_signed_in(self, stranger):
        pages = [stranger.get("/homes/"), stranger.get("/accounts/logout/"), stranger.post("/theme/")]

        assert [page.headers.get("Clear-Site-Data") for page in pages] == [None, None, None]

    def test_keeps_it_where_nobody_was_signed_in(self, visitor):
        pages = [visitor.get("/"), visitor.post("/accounts/logout/")]

        assert [page.headers.get("Clear-Site-Data") for page in pages] == [None, None]

    def test_forgets_it_at_sign_out(self, stranger):
        page = stranger.post("/accounts/logout/")

        assert page.status_code == 302 and page.headers["Clear-Site-Data"] == FORGET

    def test_forgets_it_with_the_account(self, stranger):
        page = stranger.post("/account/delete/", {"email": stranger.user.email})

        assert (page.status_code, page.headers["Clear-Site-Data"]) == (302, FORGET)

    @pytest.mark.parametrize("how", ["everywhere", "elsewhere", "expired"])
    def test_forgets_it_with_the_next_request_after_its_session_ended(self, how, stranger):
        stranger.get("/homes/")
        if how == "everywhere":
            sessions.end_all(stranger.user)
        elif how == "elsewhere":
            Session.objects.all().delete()
        else:
            Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        page = stranger.get("/homes/")

        assert page.status_code == 302 and page.headers["Clear-Site-Data"] == FORGET
        del stranger.cookies["session"]  # as a browser does
        assert "Clear-Site-Data" not in stranger.get("/").headers
