"""Sheets and modules that pages load together: the same as one by one, in few files."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from gridshare_portal import joined
from gridshare_portal.templatetags import assets

STATIC = Path(settings.BASE_DIR, "static")
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
LOADED = sorted({name for path in TEMPLATES for name in re.findall(r"{% script '([^']+)'", path.read_text())})


def of(**texts):
    return lambda name: texts[name.replace("/", "_")]


def content(name):
    return Path(finders.find(name)).read_text()


class TestModules:
    def test_come_once_each_behind_what_they_need(self):
        text = joined.scripts(
            "a",
            read=of(
                a='import { b } from "portal/b";\nimport * as c from "portal/x/c";\nstart(b, c.C);\n',
                b='// a remark\nimport { C, d } from "portal/x/c";\nexport function b() { return C + d(); }\n',
                x_c="export const C = 1;\nexport async function d() {}\nconst own = 2;\n",
            ),
        )

        assert text == (
            "const of_x$c = (() => {\nconst C = 1;\nasync function d() {}\nconst own = 2;\nreturn { C, d };\n})();\n"
            "const of_b = (() => {\nconst { C, d } = of_x$c;\nfunction b() { return C + d(); }\nreturn { b };\n})();\n"
            "const of_a = (() => {\nconst { b } = of_b;\nconst c = of_x$c;\nstart(b, c.C);\n})();\n"
        )

    def test_may_import_over_several_lines(self):
        text = joined.scripts(
            "a", read=of(a='import {\n  b,\n  c,\n} from "portal/b";\n', b="export const b = 1;")
        )

        assert "const { b, c, } = of_b;" in text

    @pytest.mark.parametrize(
        "line",
        [
            'import one from "portal/b";',
            'import { one as two } from "portal/b";',
            'import "portal/b";',
            'import { one } from "./b.js";',
            "import { one } from 'portal/b';",
            "export default 1;",
            "export { one };",
            "export let one = 1;",
            'export * from "portal/b";',
            'const one = await import("portal/b");',
            "await one();",
            "go(import.meta.url);",
        ],
    )
    def test_that_do_what_joining_would_change_are_refused(self, line):
        with pytest.raises(joined.NotJoinable, match="^a: "):
            joined.scripts("a", read=of(a=f"{line}\n", b="export const one = 1;"))

    def test_that_need_each_other_are_refused(self):
        with pytest.raises(joined.NotJoinable, match="need each other"):
            joined.scripts("a", read=of(a='import { b } from "portal/b";', b='import { a } from "portal/a";'))


class TestSheets:
    def test_stand_one_after_the_other(self):
        text = joined.styles(["a", "b"], read=of(a="p { color: red }\n\n", b='q { fill: url("#hatch") }'))

        assert text == 'p { color: red }\nq { fill: url("#hatch") }\n'

    @pytest.mark.parametrize(
        "rule", ['@import "b.css";', '@charset "utf-8";', "@layer a, b;", "p { background: url(b.svg) }"]
    )
    def test_that_would_mean_something_else_there_are_refused(self, rule):
        with pytest.raises(joined.NotJoinable, match="^a: "):
            joined.styles(["a"], read=of(a=rule))


class TestTheJoinedFiles:
    def test_can_all_be_made(self):
        assert joined.JoinedFinder().check() == []

    @pytest.mark.parametrize("name", [one for one in settings.JOINED_FILES if one.endswith(".css")])
    def test_of_styles_hold_every_rule_of_their_parts_in_order(self, name):
        text, at = content(name), 0
        for part in settings.JOINED_FILES[name]:
            at = text.index(content(part).rstrip(), at)

    @pytest.mark.parametrize("name", [one for one in settings.JOINED_FILES if one.endswith(".js")])
    def test_of_scripts_import_nothing_more(self, name):
        assert not re.search(r"^\s*(import|export)\b|portal/", content(name), re.MULTILINE)

    def test_are_the_only_scripts_made_of_modules_that_pages_load(self):
        """Of collected files there is no map of modules, so nothing else may import by name."""
        ours = [name for name in LOADED if (STATIC / name).is_file()]

        assert ours and {"joined/portal.js", "joined/charts.js"} <= set(LOADED)
        assert [name for name in ours if re.search(r"^import\b", (STATIC / name).read_text(), re.M)] == []

    def test_are_there_after_they_were_only_checked(self):
        finder = joined.JoinedFinder()

        assert finder.check() == []
        for name, storage in finder.list(None):
            assert storage.open(name).read(), name

    def test_follow_their_parts_while_these_are_edited(self, tmp_path, settings):
        settings.STATICFILES_DIRS, settings.JOINED_FILES = [tmp_path], {"joined/one.css": ("a.css", "b.css")}
        finders.get_finder.cache_clear()
        (tmp_path / "a.css").write_text("p {}")
        (tmp_path / "b.css").write_text("q {}")
        finder = joined.JoinedFinder()
        before = Path(finder.find("joined/one.css")).read_text()
        (tmp_path / "b.css").write_text("i {}")

        assert (before, Path(finder.find("joined/one.css")).read_text()) == ("p {}\nq {}\n", "p {}\ni {}\n")
        finders.get_finder.cache_clear()


@pytest.fixture(scope="module")
def of_production(tmp_path_factory):
    """Settings of static files that were collected, as in production."""
    folder = tmp_path_factory.mktemp("collected")
    storage = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    found = {"STATIC_ROOT": folder, "STORAGES": {**settings.STORAGES, "staticfiles": storage}}
    with override_settings(**found):
        call_command("collectstatic", interactive=False, verbosity=0)
    return found


@pytest.fixture
def collected(of_production):
    with override_settings(**of_production):
        assets.forget()
        yield of_production["STATIC_ROOT"]
    assets.forget()


@pytest.mark.django_db
class TestAPageInProduction:
    MOST = 11  # with the page itself and the icon twelve at most

    @pytest.mark.parametrize("path", ["", "history/", "control/", "devices/"])
    def test_loads_few_files_and_each_with_its_digest(self, homeowner, collected, path):
        page = homeowner.get(f"/homes/{homeowner.site.synth_id}/{path}").text
        files = re.findall(r'<(?:script|link)\b[^>]*?(?:src|href)="(/static/[^"]+)"([^>]*)>', page)

        assert len(files) <= self.MOST
        assert sum(name.endswith(".css") for name, _ in files) <= 2
        for name, rest in files:
            assert (collected / name.removeprefix("/static/")).is_file()
            assert "integrity=" in rest or "svg" in name
        assert "importmap" not in page

    def test_has_less_than_sixty_kilobytes_of_script(self, homeowner, collected):
        page = homeowner.get(f"/homes/{homeowner.site.synth_id}/").text
        scripts = re.findall(r'<script\b[^>]*src="/static/([^"]+)"', page)

        assert len(scripts) == 3
        assert sum((collected / f"{name}.gz").stat().st_size for name in scripts) < 60_000
