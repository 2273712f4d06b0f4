"""People who use the portal all the time, each a browser session of their own, and what they were answered.

Homeowners read pages and charts, ask devices how they are, and change modes, plans and details; staff read
their lists; somebody signs in by e-mailed codes. Each plan and each serial number is asked for once in a
history, so that what a device took tells who asked for it.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from gridshare_portal.demo import visitor
from tests.faults import inside
from tests.faults.history import SILENCE, Answer

CALM = "Our records cannot be reached just now"
PAGES = ("", "now/", "history/", "history.json", "history.csv", "devices/", "control/", "activity/")
OF_STAFF = {
    "ines@sunfix.example": ("/support/sunfix/", "/support/sunfix/homes/", "/support/sunfix/search/?q=home"),
    "rita@brightgrid.example": ("/portfolio/brightgrid/", "/portfolio/brightgrid/homes/"),
}
MODES = ("Simple", "Schedule", "Smart")
PAUSE_S = (0.05, 0.5)
WRITES_EACH_S = 4.0
CODE_EACH_S = 15.0


class NoAnswer(Exception):
    """Nobody answered, or not with a page to go on with."""


class Person(visitor.Visitor):
    """A browser session that writes down every answer of the portal."""

    def __init__(self, url: str, email: str, noted: list[Answer], session: str = "") -> None:
        super().__init__(url)
        self.email, self.noted, self.home, self.devices = email, noted, "", []
        self.hooks["response"].append(self._answered)
        if session:
            self.cookies.set("session", session, domain="127.0.0.1", path="/")

    def send(self, request: requests.PreparedRequest, **how) -> requests.Response:
        """Send one request; those that it redirects to come here too, and answers come to `_answered`."""
        began = time.time()
        try:
            return super().send(request, **how)
        except requests.RequestException as why:
            if request.url.startswith(self.url):
                self._note(request.method, request.url, SILENCE, began)
            raise NoAnswer(request.url) from why

    def _answered(self, answer: requests.Response, **_how) -> None:
        if not answer.url.startswith(self.url):
            return  # of the sign-in at Lunar
        self._note(
            answer.request.method, answer.url, answer.status_code, time.time() - answer.elapsed.total_seconds(),
            retry_after=answer.headers.get("Retry-After", ""),
            is_calm=answer.status_code == 503 and CALM in answer.text,
            location=answer.headers.get("Location", "").removeprefix(self.url),
        )  # fmt: skip

    def page(self, path: str) -> requests.Response:
        """Return a page to go on with; raise NoAnswer for anything but that."""
        found = self.look(path)
        if found.status_code != 200:
            raise NoAnswer(path)
        return found

    def _note(self, method: str, url: str, status: int, began: float, **more) -> None:
        known = {"who": self.email, "method": method, "path": urlsplit(url).path, "status": status}
        self.noted.append(Answer(**known, began=began, ended=time.time(), **more))


class Load:
    """All of them at once, until they are told to stop."""

    def __init__(self, url: str, sessions: dict[str, str], mailbox: Path, *, seed: int) -> None:
        self.url, self.mailbox, self.seed = url, mailbox, seed
        self.noted: list[Answer] = []
        self.people = {email: Person(url, email, self.noted, key) for email, key in sessions.items()}
        self.numbers = itertools.count(1000)
        self.ends = threading.Event()
        self.may_choose_modes = True
        self.threads: list[threading.Thread] = []
        self.wrong: list[BaseException] = []

    def connect(self) -> None:
        """Connect the homeowners' Lunar accounts, through the sign-in at Lunar."""
        for email, username in inside.HOMEOWNERS.items():
            also = ("lunar/device.write", "lunar/plan.write")
            self.people[email].connect(username, also=also).raise_for_status()

    def find_homes(self) -> bool:
        """Return whether every homeowner's home is there, with its devices."""
        for email in inside.HOMEOWNERS:
            one = self.people[email]
            if not one.devices:
                page = one.page("/homes/")
                found = re.search(r"/homes/[^/\"]+/", page.text) if page.url.endswith("/homes/") else None
                one.home = found[0] if found else urlsplit(page.url).path
                if one.home == "/homes/" or not re.fullmatch(r"/homes/[^/]+/", one.home):
                    return False
                links = re.findall(r"/devices/([^/\"]+)/(?:mode|plan)/", one.page(one.home + "control/").text)
                one.devices = sorted(set(links))
        return all(self.people[email].devices for email in inside.HOMEOWNERS)

    def begin(self) -> None:
        """Let everybody go on by themselves, in a thread each."""
        for number, email in enumerate(self.people):
            act = self._staff if email in OF_STAFF else self._homeowner
            self._go(act, self.people[email], random.Random(f"{self.seed} {number}"))
        newcomer = Person(self.url, inside.COMES_BY_CODE, self.noted)
        self._go(self._by_code, newcomer, random.Random(self.seed))

    def stop(self) -> None:
        """Let everybody come to the end of what they do; raise what went wrong in these people themselves."""
        self.ends.set()
        for thread in self.threads:
            thread.join(60)
        if self.wrong:
            raise self.wrong[0]

    def answered(self, since: int, count: int, *, wanted: Callable[[Answer], bool] = lambda _: True) -> bool:
        """Return whether so many answers came since there were `since` of them."""
        return sum(wanted(one) for one in self.noted[since:]) >= count

    def _go(self, act: Callable[[Person, random.Random], None], one: Person, chance: random.Random) -> None:
        def live() -> None:
            try:
                while not self.ends.is_set():
                    with contextlib.suppress(NoAnswer):
                        act(one, chance)
                    self.ends.wait(chance.uniform(*PAUSE_S))
            except BaseException as why:
                self.wrong.append(why)
                raise

        thread = threading.Thread(target=live, name=one.email)
        self.threads.append(thread)
        thread.start()

    def _homeowner(self, one: Person, chance: random.Random) -> None:
        if chance.random() < sum(PAUSE_S) / 2 / WRITES_EACH_S:
            self._write(one, chance)
        elif chance.random() < 0.1:
            one.look(f"/devices/{chance.choice(one.devices)}/state/")
        else:
            one.look(one.home + chance.choice(PAGES))

    def _staff(self, one: Person, chance: random.Random) -> None:
        one.look(chance.choice(OF_STAFF[one.email]))

    def _write(self, one: Person, chance: random.Random) -> None:
        device, number = chance.choice(one.devices), next(self.numbers)
        kinds = ("details", "plan", "mode") if self.may_choose_modes else ("details", "plan")
        kind = chance.choice(kinds)
        page = one.page(f"/devices/{device}/{kind}/")
        asked = {
            "mode": {"mode": chance.choice(MODES)},
            "plan": {"quick": "charge", "hours": "1", "power_limit_w": number, "start": "", "end": ""},
            "details": {"serial_number": f"S-{number}"},
        }[kind]
        has = {"mode": "mode", "plan": "quick", "details": "serial_number"}[kind]
        form = next((form for form in visitor.forms_of(page) if has in dict(form.fields)), None)
        if form is None and kind == "mode":
            form = next(form for form in visitor.forms_of(page) if form.action.endswith("/mode/"))
        if form is not None:
            self._submit(one, page, form, asked)

    def _submit(self, one: Person, page, form: visitor.Form, asked: dict[str, object]) -> None:
        sent = one.fill(page, form, **asked)
        if sent.status_code not in (200, 403, 422, 429, 503):
            raise AssertionError(f"{sent.url}: {sent.status_code}")

    def _by_code(self, one: Person, chance: random.Random) -> None:
        one.cookies.clear()
        page = one.page("/accounts/login/code/")
        form = next(form for form in visitor.forms_of(page) if "email" in dict(form.fields))
        before = self._mails()
        sent = one.fill(page, form, email=one.email)
        if sent.status_code != 200:
            raise NoAnswer(sent.url)
        found = re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", self._mails()[len(before) :], re.MULTILINE)
        if found:
            form = next(form for form in visitor.forms_of(sent) if "code" in dict(form.fields))
            one.fill(sent, form, code=found[1])
        self.ends.wait(CODE_EACH_S)

    def _mails(self) -> str:
        return "".join(path.read_text() for path in sorted(self.mailbox.glob("*.log")))
