"""A small site with flaws planted for the scanners of running sites, and for bandit, which reads it.

It knows nothing of the portal, answers on loopback alone, and is started by `make check-security` only.
"""

from __future__ import annotations

import html
import logging
import pickle
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

FRONT = """<!doctype html><title>Planted</title>
<script src="/hello.js"></script>
<a href="/hello?name=you">hello</a> <a href="/item?id=1">item</a> <a href="/file?name=a.txt">file</a>
<a href="/go?to=/hello">go</a>
<form method="post" action="/save"><input name="note" value="x"><button>Save</button></form>
<form method="post" action="/send"><input type="hidden" name="csrfmiddlewaretoken" value="Zk3v9QpLw2Xt7RbN5mHc">
<input name="note" value="x"><button>Send</button></form>"""


class Site:
    """The pages of the site; its files lie in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "a.txt").write_text("a file of the site\n")
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.execute("CREATE TABLE item (id INTEGER, name TEXT)")
        self.database.executemany("INSERT INTO item VALUES (?, ?)", [(1, "one"), (2, "two")])
        self.lock = threading.Lock()
        self.notes: list[str] = []

    @Request.application
    def __call__(self, request: Request) -> Response:
        page = getattr(self, f"page_{request.path.strip('/') or 'front'}", None)
        answer = page(request) if page else Response("nothing here", status=404)
        answer.set_cookie("session", "a-session")
        return answer

    def page_front(self, request: Request) -> Response:
        return Response(FRONT, mimetype="text/html")

    def page_hello(self, request: Request) -> Response:
        return Response(f"<p>Hello {request.args.get('name', '')}</p>", mimetype="text/html")

    def page_item(self, request: Request) -> Response:
        asked = f"SELECT name FROM item WHERE id = {request.args.get('id', '0')}"  # planted: B608
        try:
            with self.lock:
                rows = self.database.execute(asked).fetchall()
        except sqlite3.Error as error:
            return Response(f"sqlite3.OperationalError: {html.escape(str(error))}", status=500)
        return Response(f"<p>{html.escape(str(rows))}</p>", mimetype="text/html")

    def page_file(self, request: Request) -> Response:
        try:
            return Response((self.folder / request.args.get("name", "")).read_bytes(), mimetype="text/plain")
        except (OSError, ValueError):
            return Response("no such file", status=404)

    def page_go(self, request: Request) -> Response:
        return Response(status=302, headers={"Location": request.args.get("to", "/")})

    def page_send(self, request: Request) -> Response:
        """Answer as if the token had been looked at."""
        return self.page_save(request)

    def page_save(self, request: Request) -> Response:
        self.notes.append(request.form.get("note", ""))
        return Response("<p>Saved</p>", mimetype="text/html")


def never_called(kept: bytes, command: str) -> object:
    """Flaws that only bandit is to find."""
    subprocess.run(command, shell=True)  # planted: B602
    requests.get("https://lunar.example", verify=False, timeout=3)  # planted: B501
    return pickle.loads(kept)  # planted: B301


@contextmanager
def served(folder: Path, *, certificate: Path, key: Path) -> Iterator[str]:
    """Serve the site over TLS on loopback; yield its address."""
    server = make_server(
        "127.0.0.1", 0, Site(folder), threaded=True, ssl_context=(str(certificate), str(key))
    )
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(5)
