"""BrightGrid's first days are walked over pages that may not say what they should."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gridshare_portal.demo import opening
from gridshare_portal.demo.visitor import Visitor


@pytest.fixture
def portal():
    """Serve a portal that says the same few words on every page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.server.words.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def homes(portal):
    return Visitor(f"http://127.0.0.1:{portal.server_port}").look("/portfolio/brightgrid/homes/")


class TestCountingTheHomes:
    def test_reads_how_many_there_are(self, portal):
        portal.words = "<h1>Homes <small>12 in all</small></h1>"

        assert opening._first(opening.COUNT, homes(portal)) == "12"

    def test_reads_them_however_the_page_is_laid_out(self, portal):
        portal.words = "<h1>\n  Homes\n  <small\n    class='n'\n  >12 in\n    all</small>\n</h1>"

        assert opening._first(opening.COUNT, homes(portal)) == "12"

    def test_says_so_where_a_page_does_not(self, portal):
        portal.words = "<h1>Something went wrong</h1>"

        with pytest.raises(opening.Stuck, match="/portfolio/brightgrid/homes/ does not say"):
            opening._first(opening.COUNT, homes(portal))
