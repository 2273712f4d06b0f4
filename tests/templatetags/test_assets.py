"""Scripts and styles whose content a browser compares with what the page said it was."""

import base64
import hashlib
import html.parser
import json
import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import engines

from gridshare_portal.templatetags import assets

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
SCRIPTS = sorted(Path(settings.BASE_DIR, "static", "js").rglob("*.js"))


def sha256(content):
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


class Loaded(html.parser.HTMLParser):
    """Every script and style sheet of a page: where it lies, and its digest."""

    def __init__(self, page):
        super().__init__()
        self.found, self.map = {}, {}
        self._in_map = False
        self.feed(page.text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self._in_map = given.get("type") == "importmap"
        if tag == "script" and "src" in given:
            self.found[given["src"]] = given.get("integrity")
        elif tag == "link" and given.get("rel") == "stylesheet":
            self.found[given["href"]] = given.get("integrity")

    def handle_data(self, data):
        if self._in_map:
            self.map = json.loads(data)
            self._in_map = False


def from_source(address):
    return sha256(Path(finders.find(address.removeprefix(settings.STATIC_URL))).read_bytes())


def wrong(page):
    loaded = Loaded(page)
    said = {**loaded.found, **loaded.map.get("integrity", {})}
    assert loaded.found and set(loaded.map["imports"].values()) == set(loaded.map["integrity"])
    return {where: one for where, one in said.items() if one != from_source(where)}


@pytest.mark.django_db
class TestEveryPage:
    PAGES = ("/homes/", "/accounts/2fa/", "/accounts/2fa/webauthn/add/", "/account/delete/")

    @pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/signup/", "/connect/", "/nowhere/"])
    def test_of_a_visitor_says_what_it_loads(self, visitor, path):
        assert wrong(visitor.get(path)) == {}

    def test_of_who_is_signed_in_does_too(self, installer):
        installer.post("/accounts/2fa/recovery-codes/generate/")
        work = f"/support/{installer.organization.slug}/"
        pages = {path: installer.get(path, follow=True) for path in (*self.PAGES, work, f"{work}search/")}

        assert {path: wrong(page) for path, page in pages.items()} == dict.fromkeys(pages, {})

    def test_of_a_home_does_too(self, homeowner):
        home = f"/homes/{homeowner.site.synth_id}/"

        assert wrong(homeowner.get(f"{home}history/")) == {}


class TestTemplates:
    def test_name_scripts_and_styles_by_the_tags_that_give_the_digest(self):
        plain = re.compile(r"""<(?:script|link rel="stylesheet")[^>]*\{% static""", re.DOTALL)

        assert [str(path) for path in TEMPLATES if plain.search(path.read_text())] == []
        assert plain.search("<script defer src=\"{% static 'js/frame.js' %}\">")

    def test_of_allauth_that_load_scripts_are_ours(self):
        for name in ("mfa/webauthn/snippets/scripts.html", "mfa/recovery_codes/index.html"):
            origin = engines["django"].get_template(name).origin.name

            assert Path(origin).is_relative_to(settings.BASE_DIR / "templates")


class TestModules:
    def test_are_all_in_the_map_and_lie_where_it_says(self):
        asked = {name for path in SCRIPTS for name in re.findall(r'from "portal/([\w/]+)"', path.read_text())}

        assert asked and asked <= set(assets.MODULES)
        assert all(finders.find(f"js/{name}.js") for name in assets.MODULES)
        assert not [path for path in SCRIPTS if re.search(r'from "[./]', path.read_text())]


@pytest.fixture
def files(tmp_path, settings):
    """A place for static files of one's own."""
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [tmp_path / "source"], tmp_path / "collected"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    (tmp_path / "source").mkdir()
    finders.get_finder.cache_clear()
    assets.forget()
    yield tmp_path / "source"
    finders.get_finder.cache_clear()
    assets.forget()


class TestFilesFromSource:
    def test_may_be_edited_while_the_portal_runs(self, files):
        file = files / "a.js"
        file.write_text("one")
        before = assets.digest("a.js")
        file.write_text("two!")

        assert (before, assets.digest("a.js")) == (sha256(b"one"), sha256(b"two!"))

    def test_are_read_once_while_they_stay_as_they_are(self, files):
        file = files / "a.js"
        file.write_text("one")
        state = file.stat()
        before = assets.digest("a.js")
        file.write_text("eno")
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))

        assert assets.digest("a.js") == before

    def test_that_are_missing_are_said(self, files):
        with pytest.raises(FileNotFoundError, match="nowhere.js"):
            assets.digest("nowhere.js")


class TestCollectedFiles:
    @pytest.fixture
    def collected(self, files, settings):
        """As in production, where a style sheet's addresses are rewritten."""
        (files / "a.css").write_text('a { background: url("b.svg") }')
        (files / "b.svg").write_text("<svg/>")
        (files / "c.js").write_text("let one;")
        storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
        settings.STORAGES = {**settings.STORAGES, "staticfiles": storage}
        call_command("collectstatic", interactive=False, verbosity=0)
        return Path(settings.STATIC_ROOT)

    def test_have_the_digest_of_what_is_served(self, collected):
        tag = assets.stylesheet("a.css")
        served = collected / re.search(r'href="/static/([^"]+)"', tag)[1]

        assert re.fullmatch(r"a\.\w{12}\.css", served.name) and "b.svg" not in served.read_text()
        assert f'integrity="{sha256(served.read_bytes())}"' in tag

    def test_are_read_once(self, collected):
        tag = assets.script("c.js", "module")
        for file in collected.iterdir():
            if file.is_file():
                file.unlink()

        assert assets.script("c.js", "module") == tag
        assert tag.startswith('<script type="module" src="/static/c.') and "sha256-" in tag
