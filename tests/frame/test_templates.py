"""Templates before anybody opens their page: each compiles, finds what it names, and can be read."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.backends.django import DjangoTemplates
from django.template.base import FilterExpression
from django.template.loader_tags import ExtendsNode, IncludeNode

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
LONGEST = 200  # what the formatter cannot break: a tag of Django's, or one attribute


def named(expression: FilterExpression) -> str | None:
    """The template that an extends or include names outright; None where it is found out later."""
    return expression.var if isinstance(expression.var, str) and not expression.filters else None


def faults_in(folder: Path) -> list[str]:
    """Say file, line and fault for each template of a folder that Django's loader cannot use."""
    of_the_portal = settings.TEMPLATES[0]
    engine = DjangoTemplates(
        {"NAME": "tried", "DIRS": [folder], "APP_DIRS": True, "OPTIONS": dict(of_the_portal["OPTIONS"])}
    ).engine
    found = []
    for name in sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")):
        try:
            nodes = engine.get_template(name).nodelist
        except TemplateSyntaxError as fault:
            token = getattr(fault, "token", None)
            found.append(f"{name}:{token.lineno if token else '?'}: {fault}")
            continue
        aims = [(node, node.parent_name) for node in nodes.get_nodes_by_type(ExtendsNode)]
        aims += [(node, node.template) for node in nodes.get_nodes_by_type(IncludeNode)]
        for node, expression in aims:
            aim = named(expression)
            try:
                if aim is not None:
                    engine.find_template(aim)
            except TemplateDoesNotExist:
                found.append(f"{name}:{node.token.lineno}: no template {aim}")
            except TemplateSyntaxError:
                pass  # said where it stands
    return found


class TestTemplates:
    def test_compile_and_find_what_they_extend_and_include(self):
        assert faults_in(TEMPLATES) == []

    def test_have_no_line_that_nobody_can_read(self):
        long = [
            f"{path.relative_to(TEMPLATES)}:{number}: {len(line)} characters"
            for path in sorted(TEMPLATES.rglob("*.html"))
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if len(line) > LONGEST
        ]

        assert long == []


class TestTheLook:
    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("<p>\n{% sparkle %}", "page.html:2: Invalid block tag on line 2: 'sparkle'"),
            ("<p>\n{{ name|sparkle }}", "page.html:2: Invalid filter: 'sparkle'"),
            ("{% if name %}\n<p>", "page.html:1: Unclosed tag on line 1: 'if'"),
            ("{% load sparkles %}", "page.html:1: 'sparkles' is not a registered tag library"),
            ("<p>{{ name x }}</p>", "page.html:1: Could not parse the remainder"),
            ('{% extends "nowhere.html" %}', "page.html:1: no template nowhere.html"),
            ('{% if name %}{% else %}\n{% include "nowhere.html" %}{% endif %}', "page.html:2: no template"),
            (
                '{% extends "base.html" %}{% block main %}\n{% include "no.html" %}{% endblock %}',
                "page.html:2:",
            ),
        ],
        ids=["tag", "filter", "end", "library", "syntax", "parent", "piece", "piece in a block"],
    )
    def test_names_file_and_line_of_a_fault(self, tmp_path, source, said):
        (tmp_path / "base.html").write_text("{% block main %}{% endblock %}")
        (tmp_path / "page.html").write_text(source)

        [fault] = faults_in(tmp_path)

        assert fault.startswith(said)

    def test_finds_nothing_where_all_is_well(self, tmp_path):
        (tmp_path / "base.html").write_text("{% block main %}{% endblock %}")
        (tmp_path / "page.html").write_text('{% extends "base.html" %}{% block main %}{{ a }}{% endblock %}')

        assert faults_in(tmp_path) == []
