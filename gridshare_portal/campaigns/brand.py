"""An organization's color: parsed strictly, always with readable text on it. Pure.

Of black and white, one has a contrast of at least 4.5 to 1 with any color. The QR code takes the color only
where it is dark enough on white.
"""

from __future__ import annotations

import re

COLOR = re.compile(r"#[0-9a-f]{6}")
BLACK, WHITE = "#000000", "#ffffff"
READABLE = 4.5
NOT_A_COLOR = "Write the color as # and six digits, for example #0b6370."


class NotAColor(ValueError):
    """The text is not # and six hexadecimal digits."""


def plain(color: str) -> str:
    """Return the color in lower case; raises NotAColor."""
    found = color.strip().lower()
    if not COLOR.fullmatch(found):
        raise NotAColor(NOT_A_COLOR)
    return found


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, 1 to 21, as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    return max(WHITE, BLACK, key=lambda text: contrast(text, color))


def ink(color: str) -> str:
    """Return the color if it is readable on white, else black."""
    return color if contrast(color, WHITE) >= READABLE else BLACK


def sentence(color: str) -> str:
    text = text_on(color)
    name = "white" if text == WHITE else "black"
    said = f"Text on this color is {name}, with a contrast of {contrast(text, color):.1f} to 1."
    if ink(color) != color:
        said += " The QR code is black: in this color not every camera could read it."
    return said


def stylesheet(color: str) -> str:
    return f".campaign-brand {{\n  background: {color};\n  color: {text_on(color)};\n}}\n"


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
