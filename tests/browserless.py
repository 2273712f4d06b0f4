"""A visitor who needs no browser: reads forms out of pages, fills them in and sends them."""

from __future__ import annotations

import html.parser
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests


@dataclass
class Form:
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Forms(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.found.append(Form(given.get("action") or "", (given.get("method") or "get").lower()))
        elif tag == "input" and self.found and _is_sent(given):
            self.found[-1].fields.append((given["name"], given.get("value") or ""))


def _is_sent(given: dict[str, str | None]) -> bool:
    box = given.get("type") in ("checkbox", "radio")
    return bool(given.get("name")) and ("checked" in given or not box)


def forms_of(page: requests.Response) -> list[Form]:
    reader = _Forms()
    reader.feed(page.text)
    return reader.found


class Visitor(requests.Session):
    """One session at one portal, from signing in to looking around."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.trust_env = False
        self.url = url

    def look(self, path: str, **options) -> requests.Response:
        return self.get(urljoin(self.url, path), timeout=20, **options)

    def fill(self, page: requests.Response, form: Form, **values) -> requests.Response:
        sent = [*form.fields, *((name, one) for name, given in values.items() for one in _many(given))]
        return self.post(urljoin(page.url, form.action), data=sent, timeout=20)

    def sign_in(self, email: str) -> None:
        page = self.look("/demo/")
        form = next(form for form in forms_of(page) if ("email", email) in form.fields)
        assert self.fill(page, form).ok

    def connect(self, username: str, *, also: tuple[str, ...] = ()) -> requests.Response:
        page = self.look("/connect/")
        form = next(form for form in forms_of(page) if "lunar/login" in form.action)
        login = self.fill(page, form, scope=list(also))
        return self.fill(login, forms_of(login)[0], username=username)


def _many(given: object) -> list[str]:
    return [str(one) for one in given] if isinstance(given, list) else [str(given)]
