"""What the log says about who came in, and about who was refused."""

import re

import pytest
from django.core import mail

from tests import people

pytestmark = pytest.mark.django_db


def said(lines):
    return [f"{line['level']} {line['says']}" for line in lines.parsed()]


class TestTheLog:
    def test_names_sign_ins_that_succeed_and_that_fail_by_number(self, client, lines):
        user = people.person("nina@new.example")
        client.post("/accounts/login/", {"login": user.email})
        client.post("/accounts/login/code/confirm/", {"code": "BBBB-BBBB"})
        code = re.search(r"^\s*([A-Z]{4}-[A-Z]{4})\s*$", mail.outbox[0].body, re.MULTILINE)[1]
        client.post("/accounts/login/code/confirm/", {"code": code})
        client.post("/accounts/logout/")

        heard = [words for words in said(lines) if f"person {user.pk}" in words]
        assert [words.partition(" ")[0] for words in heard] == ["WARNING", "INFO", "INFO"]
        for secret in (user.email, code, "BBBB-BBBB"):
            assert secret not in lines.getvalue()

    @pytest.mark.parametrize(
        ("method", "path", "words"),
        [
            ("get", "/organizations/sunfix/", "WARNING Not Found: /organizations/sunfix/"),
            ("get", "/homes/somebody-s/", "WARNING Not Found: /homes/somebody-s/"),
            ("delete", "/theme/", "WARNING Method Not Allowed (DELETE): /theme/"),
        ],
    )
    def test_names_what_was_refused_and_under_the_same_id_to_whom(self, stranger, lines, method, path, words):
        page = getattr(stranger, method)(path)

        about = lines.of(page.headers["X-Request-ID"])
        assert words in said(lines)
        assert any(line.get("status") == page.status_code for line in about)

    def test_names_a_form_that_came_from_elsewhere(self, stranger, lines):
        stranger.handler.enforce_csrf_checks = True
        assert stranger.post("/theme/", {"theme": "dark"}).status_code == 403

        assert any(words.startswith("WARNING Forbidden (CSRF") for words in said(lines))

    def test_names_a_limit_that_was_reached_and_by_whom(self, client, stranger, lines):
        for person in (client, stranger):
            for _ in range(31):
                last = person.post("/accounts/lunar/login/", {"scope": []})
            assert last.status_code == 429

        heard = [words for words in said(lines) if words.startswith("WARNING limit ")]
        assert any(words.endswith("reached by a visitor") for words in heard)
        assert any(words.endswith(f"reached by {stranger.user.pk}") for words in heard)
