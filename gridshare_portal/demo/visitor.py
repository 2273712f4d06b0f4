"""An HTTP visitor without a browser: reads forms from pages, fills them in and submits them."""

from __future__ import annotations

import html.parser
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests

PATIENCE_S = 20


@dataclass
class Form:
    """A form of a page: its target, and the fields it submits when nothing is changed."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)


class _Forms(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append(Form(given.get("action") or "", (given.get("method") or "get").lower()))
        elif tag == "input" and self.found and _is_sent(given):
            self.found[-1].fields.append((given["name"] or "", given.get("value") or ""))


def _is_sent(given: dict[str, str | None]) -> bool:
    box = given.get("type") in ("checkbox", "radio")
    return bool(given.get("name")) and ("checked" in given or not box)


def forms_of(page: requests.Response) -> list[Form]:
    reader = _Forms()
    reader.feed(page.text)
    return reader.found


def as_one_line(markup: str) -> str:
    """Return markup without its line breaks, so that text can be found however it is laid out."""
    markup = re.sub(r"<[a-zA-Z][^<>]*>", lambda tag: re.sub(r"\s+", " ", tag[0]).replace(" >", ">"), markup)
    markup = re.sub(r">\s*\n\s*", ">", markup)
    markup = re.sub(r"\s*\n\s*<", "<", markup)
    return re.sub(r"\s*\n\s*", " ", markup)


def said_by(page: requests.Response) -> str:
    return as_one_line(page.text)


class Visitor(requests.Session):
    """One session at one portal."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.trust_env = False
        self.url = url

    def look(self, path: str) -> requests.Response:
        return self.get(urljoin(self.url, path), timeout=PATIENCE_S)

    def fill(self, page: requests.Response, form: Form, **values: object) -> requests.Response:
        """Submit a form with its own values, but for these."""
        kept = [one for one in form.fields if one[0] not in values]
        many = {name: one if isinstance(one, list | tuple) else [one] for name, one in values.items()}
        sent = [*kept, *((name, str(one)) for name, some in many.items() for one in some)]
        return self.post(urljoin(page.url, form.action), data=sent, timeout=PATIENCE_S)

    def sign_in(self, email: str) -> None:
        page = self.look("/demo/")
        form = next(form for form in forms_of(page) if ("email", email) in form.fields)
        self.fill(page, form).raise_for_status()

    def connect(
        self, username: str, *, also: tuple[str, ...] = (), page: requests.Response | None = None
    ) -> requests.Response:
        """Connect the Lunar account of that name; `also` are scopes beside those to read."""
        page = page or self.look("/connect/")
        form = next(form for form in forms_of(page) if "lunar/login" in form.action)
        read = [value for name, value in form.fields if name == "scope"]
        login = self.fill(page, form, scope=[*read, *also])
        return self.fill(login, forms_of(login)[0], username=username)
