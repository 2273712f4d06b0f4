"""The endpoints of an Amazon Cognito login, as its documentation describes them: wire in, wire out.

A request with a wrong client or redirect address never leaves this origin; every other fault of an
authorization request goes back to the application as an error.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from secrets import compare_digest
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from gridshare_portal.sandbox.api.faults import Options
from gridshare_portal.sandbox.login import pages
from gridshare_portal.sandbox.login.browsers import Browsers
from gridshare_portal.sandbox.login.grants import SCOPES, Denied, Pool, Tokens
from gridshare_portal.sandbox.simulation.homes import Customer

SENT_ON = ("client_id", "redirect_uri", "response_type", "state", "scope",
           "code_challenge", "code_challenge_method")  # fmt: skip
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43,128}", re.ASCII)
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Login:
    def __init__(self, pool: Pool, customers: tuple[Customer, ...], browsers: Browsers) -> None:
        self._pool, self._customers, self._browsers = pool, customers, browsers

    def authorize(self, request: Request) -> Response:
        """Show the sign-in page or an error; a browser still signed in goes straight back."""
        sent, username = request.args, self._browsers.who(request)
        problem = self._checked(sent)
        if problem is not None or username is None:
            return problem or self._sign_in(sent)
        return self._back_with_code(sent, username=username, scopes=_requested(sent))

    def login(self, request: Request) -> Response:
        """Take the submitted sign-in page and go back to the application, with a code or an error."""
        sent = request.form
        problem = self._checked(sent)
        if problem is not None:
            return problem
        if "cancel" in sent:
            return _back(sent, error="access_denied", error_description="The customer did not sign in.")
        known = {customer.username for customer in self._customers}
        granted = [scope for scope in _requested(sent) if scope in sent.getlist("granted")]
        if sent.get("username") not in known:
            return self._sign_in(sent, problem="Choose one of the demo customers.")
        if not granted:
            return self._sign_in(sent, problem="Leave at least one box ticked.")
        response = self._back_with_code(sent, username=sent["username"], scopes=granted)
        self._browsers.sign_in(response, username=sent["username"])
        return response

    def token(self, request: Request, faults: Mapping[str, Options]) -> Response:
        try:
            self._authenticate(request)
            return _json(self._tokens(request.form, faults))
        except Denied as denied:
            return _json({"error": denied.error}, 400)

    def revoke(self, request: Request) -> Response:
        try:
            self._authenticate(request)
            token = request.form.get("token", "")
            if not token or token.count(".") == 2:
                raise Denied("unsupported_token_type" if token else "invalid_request")
        except Denied as denied:
            return _json({"error": denied.error}, 401 if denied.error == "invalid_client" else 400)
        self._pool.revoke(token)
        return Response(status=200, headers=_NO_STORE)

    def user_info(self, request: Request) -> Response:
        """Return who somebody is, which needs the scope openid; no customer's client is given it."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            return _no_user_info(400, "invalid_request", "an access token is needed")
        claims = self._pool.claims(token.strip())
        if claims is None or "openid" not in claims["scope"].split():
            return _no_user_info(401, "invalid_token", "the access token is not valid or lacks openid")
        return _json({"sub": claims["sub"], "username": claims["username"]})

    def jwks(self, request: Request) -> Response:
        return Response(json.dumps(self._pool.jwks()), content_type="application/json")

    def logout(self, request: Request) -> Response:
        """Sign the browser out and redirect to an address on the origin of a registered one."""
        target = request.args.get("logout_uri", "")
        if request.args.get("client_id") != self._pool.client.client_id:
            return pages.wrong("There is no such client.")
        if _origin(target) not in {_origin(uri) for uri in self._pool.client.redirect_uris}:
            return pages.wrong("This sign-out address is not registered.")
        response = redirect(target, 302)
        self._browsers.sign_out(request, response)
        return response

    def _checked(self, sent: Mapping[str, str]) -> Response | None:
        """Return what is wrong with an authorization request, or None."""
        if sent.get("client_id") != self._pool.client.client_id:
            return pages.wrong("There is no such client.")
        if sent.get("redirect_uri") not in self._pool.client.redirect_uris:
            return pages.wrong("This redirect address is not registered for the client.")
        if sent.get("response_type") != "code":
            error = "unauthorized_client" if sent.get("response_type") == "token" else "invalid_request"
            return _back(sent, error=error)
        if not _requested(sent) or any(scope not in SCOPES for scope in _requested(sent)):
            return _back(sent, error="invalid_scope")
        challenge, method = sent.get("code_challenge"), sent.get("code_challenge_method")
        if challenge is None and method is None:
            return None
        if method != "S256" or not _CHALLENGE.fullmatch(challenge or ""):
            return _back(sent, error="invalid_request", error_description="Only S256 is supported.")
        return None

    def _back_with_code(self, sent: Mapping[str, str], *, username: str, scopes: list[str]) -> Response:
        uri, challenge = sent["redirect_uri"], sent.get("code_challenge")
        code = self._pool.begin_code(username=username, scopes=scopes, redirect_uri=uri, challenge=challenge)
        return _back(sent, code=code)

    def _sign_in(self, sent: Mapping[str, str], problem: str = "") -> Response:
        kept = {name: sent[name] for name in SENT_ON if name in sent}
        return pages.sign_in(self._customers, sent=kept, scopes=_requested(sent), problem=problem)

    def _authenticate(self, request: Request) -> None:
        """Accept the client by Basic or by the body, and refuse both at once."""
        basic, body = _basic(request), request.form
        if basic is not None and "client_secret" in body:
            raise Denied("invalid_request")
        client_id, secret = basic or (body.get("client_id", ""), body.get("client_secret", ""))
        client = self._pool.client
        right = compare_digest(client_id.encode(), client.client_id.encode())
        right &= compare_digest(secret.encode(), client.client_secret.encode())
        if not right or body.get("client_id", client_id) != client_id:
            raise Denied("invalid_client")

    def _tokens(self, form: Mapping[str, str], faults: Mapping[str, Options]) -> Tokens:
        kind = form.get("grant_type")
        if kind == "authorization_code":
            if not form.get("code") or not form.get("redirect_uri"):
                raise Denied("invalid_request")
            return self._pool.exchange(
                code=form["code"], redirect_uri=form["redirect_uri"], verifier=form.get("code_verifier")
            )
        if kind == "refresh_token":
            if not form.get("refresh_token"):
                raise Denied("invalid_request")
            rotated = faults.get("token_rotated")
            if rotated is None:
                return self._pool.refresh(form["refresh_token"])
            return self._pool.refresh(form["refresh_token"], rotate=True, grace_s=rotated.get("grace_s", 0))
        raise Denied("unsupported_grant_type" if kind else "invalid_request")


def _requested(sent: Mapping[str, str]) -> list[str]:
    """Return the requested scopes; a request without the parameter requests all of them."""
    return list(dict.fromkeys(sent["scope"].split())) if "scope" in sent else list(SCOPES)


def _back(sent: Mapping[str, str], **answer: str) -> Response:
    if "state" in sent:
        answer["state"] = sent["state"]
    address = sent["redirect_uri"]
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}", 302)


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise Denied("invalid_client") from problem
    return name, secret


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ("", "")
    return (parts.scheme, parts.netloc)


def _json(value: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.dumps(value), status=status, content_type="application/json", headers=_NO_STORE)


def _no_user_info(status: int, error: str, description: str) -> Response:
    response = _json({"error": error, "error_description": description}, status)
    response.headers["WWW-Authenticate"] = f'error="{error}", error_description="{description}"'
    return response
