"""Signing in at the pretended Cognito, and asking it for tokens."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import jwt
import requests

from gridshare_portal.sandbox import wsgi

BACK = wsgi.REDIRECT_URIS[0]
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BASIC = ("demo", "demo-secret")


def authorize(sandbox, **changed):
    sent = {"response_type": "code", "client_id": "demo", "redirect_uri": BACK, "state": "s t&te"} | changed
    sent = {name: value for name, value in sent.items() if value is not None}
    return requests.get(f"{sandbox.url}/oauth2/authorize", params=sent, allow_redirects=False, timeout=5)


def log_in(sandbox, page, *, username="ada", untick=(), **more):
    """Do what a browser does with the sign-in page."""
    fields = re.findall(r'<input type="(\w+)" name="(\w+)" value="([^"]*)"', page.text)
    sent = [(name, value.replace("&amp;", "&")) for _, name, value in fields if value not in untick]
    sent += list(({"username": username} | more).items())
    return requests.post(f"{sandbox.url}/login", data=sent, allow_redirects=False, timeout=5)


def answer_in(response):
    assert response.status_code == 302
    address = urlsplit(response.headers["Location"])
    assert response.headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def code_for(sandbox, username="ada", untick=(), **sent):
    return answer_in(log_in(sandbox, authorize(sandbox, **sent), username=username, untick=untick))["code"]


def token(sandbox, auth=BASIC, **sent):
    return requests.post(f"{sandbox.url}/oauth2/token", data=sent, auth=auth, timeout=5)


def exchange(sandbox, a_code, **changed):
    sent = {"grant_type": "authorization_code", "code": a_code, "redirect_uri": BACK} | changed
    return token(sandbox, **sent)


def claims_of(access_token):
    return jwt.decode(access_token, options={"verify_signature": False})


def refused(response, error, status=400):
    return (response.status_code, response.json()) == (status, {"error": error})
