"""Requests whose head no program of good will sends."""

import io

import pytest

from gridshare_portal.wsgi import application

pytestmark = pytest.mark.django_db


def answered(**other):
    body, heard = b"a=1", []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/accounts/login/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    page = b"".join(
        application(environ | other, lambda status, headers: heard.append((status, dict(headers))))
    )
    [(status, headers)] = heard
    return int(status[:3]), headers, page.decode()


class TestAHead:
    @pytest.mark.parametrize(
        "other",
        [
            {"CONTENT_TYPE": "text/plain; charset*=nonexistent''utf-8"},
            {"CONTENT_TYPE": "multipart/form-data; boundary*=nonexistent''x"},
            {"CONTENT_TYPE": "text/plain; charset=\x00"},
            {"SCRIPT_NAME": "/\xff"},
        ],
    )
    def test_that_cannot_be_read_is_refused_with_a_sentence(self, other):
        status, headers, page = answered(**other)

        assert status == 400 and "could not be read" in page
        assert headers["Content-Length"] == str(len(page.encode()))

    @pytest.mark.parametrize(
        "other",
        [
            {},
            {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=nonexistent"},
            {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-16"},
            {"CONTENT_TYPE": "a/b;" + "x=1;" * 2000},
            {"CONTENT_LENGTH": "-5"},
            {"CONTENT_LENGTH": "x"},
            {"HTTP_COOKIE": "\xff=\xfe"},
            {"HTTP_HOST": "a b"},
            {"PATH_INFO": "/\xff\xfe"},
            {"QUERY_STRING": "a=\xff&b=%ff"},
        ],
    )
    def test_that_is_odd_is_never_an_error_of_ours(self, other):
        assert answered(**other)[0] < 500
