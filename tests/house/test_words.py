"""What a page never says, and what a template never holds."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
CODE = sorted(path for path in (ROOT / "gridshare_portal").rglob("*.py") if "sandbox" not in path.parts)
NEVER = {  # what a visitor never reads, and why
    r"\bsuccess(fully|ful)?\b": "say what is true now",
    r"\berror \d{3}\b": "nobody knows what a number means",
    r"\boops\b|\bwhoops\b": "nothing is funny when something fails",
    r"\binvalid\b": "say what would be right",
    r"\bsynth_?id\b": "an id is no name",
    r"\bplease try again later\b": "say when, or what to do meanwhile",
}
ON_PAGES = {**NEVER, r"(?<![-.])\bsites?\b(?![-./])": "on pages it is always a home"}
ALLAUTH_SAYS_SITE = {"account", "allauth", "mfa", "socialaccount", "usersessions"}  # its own sentences, kept


def visible(template):
    """The words of a template: no comments, no logic, no tags; texts in attributes that are read aloud stay."""
    text = re.sub(r"\{#.*?#\}|\{% comment .*?endcomment %\}|<!--.*?-->", " ", template, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
    spoken = re.findall(r"""\b(?:aria-label|title|alt|placeholder)=["']([^"']*)""", text)
    return " ".join([re.sub(r"<[^>]*>", " ", text), *spoken])


def said_in_code(source):
    """Texts that could reach a page: at least three words, docstrings left out."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = (
            getattr(node, "value", None) if isinstance(node, ast.Constant) and id(node) not in docs else None
        )
        if isinstance(text, str) and len(text.split()) >= 3:
            yield text


def banned(text, words):
    return [
        f"{found.group()}: {why}"
        for word, why in words.items()
        for found in re.finditer(word, text, re.IGNORECASE)
    ]


class TestWords:
    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
    def test_that_a_page_never_says_are_in_no_template(self, path):
        words = NEVER if ALLAUTH_SAYS_SITE & set(path.parts) else ON_PAGES

        assert banned(visible(path.read_text()), words) == []

    def test_that_a_page_never_says_are_in_no_sentence_made_in_code(self):
        found = {
            str(path.relative_to(ROOT)): [
                fault for text in said_in_code(path.read_text()) for fault in banned(text, NEVER)
            ]
            for path in CODE
        }

        assert {path: faults for path, faults in found.items() if faults} == {}

    def test_are_looked_for_where_a_visitor_meets_them(self):
        page = '{# site #}{% load site %}<p class="site">Your home</p><img alt="Saved successfully"><i>error 422</i>'

        assert [fault.split(":")[0] for fault in banned(visible(page), ON_PAGES)] == [
            "successfully",
            "error 422",
        ]


def inline(template):
    """Scripts and styles that the content security policy would refuse."""
    for attributes, body in re.findall(
        r"<script\b([^>]*)>(.*?)</script>", template, re.DOTALL | re.IGNORECASE
    ):
        named = "src=" in attributes or ('type="importmap"' in attributes and "csp_nonce" in attributes)
        data = 'type="application/json"' in attributes
        if not (named or data) or ("src=" in attributes and body.strip()):
            yield f"<script{attributes}>"
    yield from re.findall(r"<style\b", template, re.IGNORECASE)
    for tag in re.findall(r"<[a-zA-Z][^<>]*>", re.sub(r"\{[%#{].*?[%#}]\}", "", template, flags=re.DOTALL)):
        yield from re.findall(r"""\s(style|on[a-z]+|hx-on[:\w-]*)\s*=""", tag, re.IGNORECASE)
        yield from re.findall(r"javascript:", tag, re.IGNORECASE)


EMAILS = [path for path in TEMPLATES if "email" in path.parts and path.suffix == ".html"]


class TestTemplates:
    @pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
    def test_hold_no_script_and_no_style_of_their_own(self, path):
        allowed = {"style"} if path in EMAILS else set()  # mail programs read no style sheet

        assert set(inline(path.read_text())) <= allowed

    @pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
    def test_of_letters_load_nothing_from_anywhere(self, path):
        loads = r"<(?:img|link|script|iframe|object|style)\b|\ssrc\s*=|url\(|@import"

        assert re.findall(loads, path.read_text(), re.IGNORECASE) == []

    @pytest.mark.parametrize(
        "template",
        [
            "<script>go()</script>",
            '<script nonce="{{ request.csp_nonce }}">go()</script>',
            "<style>p{}</style>",
            '<p style="color: red">',
            '<p {% if x %}class="a"{% endif %} onclick="go()">',
            '<a href="javascript:go()">',
            "<p hx-on:click='go()'>",
        ],
    )
    def test_are_searched_for_every_way_of_inlining(self, template):
        assert list(inline(template))

    def test_may_hold_an_import_map_and_data(self):
        assert not list(
            inline('<script type="importmap" nonce="{{ request.csp_nonce }}">{"imports":{}}</script>')
        )
        assert not list(
            inline('<script type="application/json">{}</script><script defer src="a.js"></script>')
        )


GONE = {  # words that a name in code bears no more, and what it is called instead
    "arrivals": "pending tokens",
    "bearers": "bearer token",
    "bury": "record before delete",
    "carrying": "worker",
    "chronicle": "audit log",
    "corridor": "command gateway",
    "deed": "action",
    "door": "require_right",
    "doors": "navigation",
    "deeds": "actions",
    "doings": "activity feed",
    "errand": "execution",
    "glance": "overview",
    "hands": "worker pool",
    "judging": "abort policy",
    "lane": "slot",
    "lanes": "slots",
    "losses": "transport errors",
    "reaches": "connection sites",
    "reckoning": "row builder",
    "settling": "finalize",
    "standing": "access context, or state",
    "tallies": "aggregates",
    "tally": "aggregate, or line counts",
    "verdicts": "reconciliation",
    "wish": "terms, or form",
    "wishes": "submit",
}


def named(source):
    """Every name that code gives to something or calls it by."""
    for node in ast.walk(ast.parse(source)):
        for kind in ("id", "attr", "arg", "name"):
            if isinstance(name := getattr(node, kind, None), str):
                yield name


class TestNames:
    def test_are_the_field_s_words(self):
        found = {
            f"{path.relative_to(ROOT)}: {name}: {GONE[word]}"
            for path in CODE
            for name in {path.stem, *named(path.read_text())}
            for word in set(name.lower().split("_")) & GONE.keys()
        }

        assert found == set()

    def test_would_be_found(self):
        assert {"deed", "x", "_lanes"} <= set(named("def deed(x):\n    return _lanes"))
