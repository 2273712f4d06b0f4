"""The bounds that the sources' colors keep, computed anew from tokens.css.

Distances are CIE76 in CIELAB (D65). Color blindness is simulated at full severity with the matrices
of Machado, Oliveira and Fernandes (2009), in linear light.
"""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css").read_text()
SOURCES = ("solar", "battery", "grid", "home")
STATES = ("good", "attention", "bad")
APART, ON_BACKGROUND, FIGURES, TEXT = 45, 3.0, 7.0, 4.5

SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = TO_XYZ @ np.ones(3)


def blocks():
    """Each rule's colors by its selector; a rule inside a media query bears that query's name too."""
    bare = re.sub(r"/\*.*?\*/", "", TOKENS, flags=re.DOTALL)
    found, names = {}, []
    for opened, closed, declared in re.findall(r"([^{};]+)\{|(\})|(--[\w-]+\s*:\s*[^;{}]+;)", bare):
        if opened:
            names.append(" ".join(opened.split()))
        elif closed:
            names.pop()
        else:
            name, _, value = declared.rstrip(";").partition(":")
            found.setdefault(" ".join(names), {})[name.strip()[2:]] = value.strip()
    return found


BLOCKS = blocks()
THEMES = {"light": BLOCKS[":root"], "dark": {**BLOCKS[":root"], **BLOCKS[':root[data-theme="dark"]']}}


def linear(color):
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(light):
    ratio = TO_XYZ @ np.clip(light, 0, 1) / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one, other, sight):
    return float(np.linalg.norm(lab(SIGHT[sight] @ linear(one)) - lab(SIGHT[sight] @ linear(other))))


def contrast(one, other):
    bright, dark = sorted((float(TO_XYZ[1] @ linear(color)) for color in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
class TestColors:
    @pytest.mark.parametrize("sight", SIGHT)
    def test_of_two_sources_are_never_taken_for_each_other(self, theme, sight):
        colors = THEMES[theme]
        near = {
            pair: round(distance(colors[pair[0]], colors[pair[1]], sight), 1)
            for pair in itertools.combinations(SOURCES, 2)
            if distance(colors[pair[0]], colors[pair[1]], sight) < APART
        }

        assert near == {}

    @pytest.mark.parametrize("source", SOURCES)
    def test_of_a_source_stand_out_from_their_background(self, theme, source):
        assert contrast(THEMES[theme][source], THEMES[theme]["surface"]) >= ON_BACKGROUND

    @pytest.mark.parametrize("ground", ["surface", "ground", "wash"])
    def test_of_text_can_be_read(self, theme, ground):
        colors = THEMES[theme]

        assert contrast(colors["text"], colors[ground]) >= FIGURES
        assert contrast(colors["text-muted"], colors[ground]) >= TEXT

    @pytest.mark.parametrize("state", STATES)
    def test_of_a_state_can_be_read_and_are_no_source_s(self, theme, state):
        colors = THEMES[theme]

        assert contrast(colors[state], colors["surface"]) >= TEXT
        assert contrast(colors[state], colors[f"{state}-wash"]) >= TEXT
        assert colors[state] not in {colors[source] for source in SOURCES}

    def test_of_what_is_focused_and_of_what_can_be_edited_stand_out(self, theme):
        colors = THEMES[theme]

        assert contrast(colors["focus"], colors["surface"]) >= ON_BACKGROUND
        assert contrast(colors["line-strong"], colors["surface"]) >= ON_BACKGROUND


class TestTheDarkTheme:
    def test_is_the_same_whether_chosen_here_or_in_the_system(self):
        system = BLOCKS["@media (prefers-color-scheme: dark) :root:not([data-theme])"]

        assert system == BLOCKS[':root[data-theme="dark"]']


class TestTheArithmetic:
    def test_knows_published_figures(self):
        assert contrast("#000000", "#ffffff") == pytest.approx(21, abs=0.01)
        assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
        assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)

    def test_sees_that_red_and_green_look_alike_to_some(self):
        assert (
            distance("#c03000", "#607000", "normal")
            > 60
            > 25
            > distance("#c03000", "#607000", "deuteranopia")
        )


class TestColorsAreNamedOnce:
    def test_and_every_other_style_sheet_uses_the_names(self):
        folder = Path(__file__).resolve().parents[2] / "static" / "css"
        literal = re.compile(r"(?<![\w-])#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch|lab)\(")
        found = {
            path.name: literal.findall(
                re.sub(r"/\*.*?\*/|url\([^)]*\)", "", path.read_text(), flags=re.DOTALL)
            )
            for path in folder.glob("*.css")
            if path.name != "tokens.css"
        }

        assert {name: colors for name, colors in found.items() if colors} == {}
