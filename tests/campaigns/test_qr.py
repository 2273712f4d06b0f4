"""A campaign's code as a camera sees it: read back by a reader that knows nothing of how it was drawn."""

import re
from xml.etree import ElementTree

import numpy
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.campaigns import brand, qr

ADDRESS = "https://portal.example/join/brightgrid-spring-letter/"
LONGEST = "https://portal.of-a-retailer-with-a-long-name.example/join/" + "x" * 60 + "/"
PIXELS = 4
UNIT = re.compile(r"M(\d+),(\d+)H\d+V\d+H\d+z")
slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]", fullmatch=True)
colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def seen(picture):
    """Return the drawing as gray dots, on a black page: what is not drawn is as dark as the page."""
    drawn = ElementTree.fromstring(picture)
    size = int(drawn.attrib["viewBox"].split()[2])
    ground, modules = drawn
    dots = numpy.zeros((size + 2, size + 2), numpy.uint8)
    assert (ground.attrib["fill"], ground.attrib["width"], ground.attrib["height"]) == (
        "white",
        "100%",
        "100%",
    )
    dots[1:-1, 1:-1] = 255
    for x, y in UNIT.findall(modules.attrib["d"]):
        dots[int(y) + 1, int(x) + 1] = gray(modules.attrib["fill"])
    return numpy.kron(dots, numpy.ones((PIXELS, PIXELS), numpy.uint8))


def gray(color):
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return round(0.299 * red + 0.587 * green + 0.114 * blue)


def read(dots):
    return [one.text for one in zxingcpp.read_barcodes(dots, formats=zxingcpp.BarcodeFormat.QRCode)]


class TestACamera:
    @pytest.mark.parametrize("address", [ADDRESS, LONGEST])
    def test_reads_exactly_the_address(self, address):
        assert read(seen(qr.svg(address, color="#000000"))) == [address]

    @given(slug=slugs, color=colors)
    def test_reads_it_in_every_color_that_an_organization_may_have(self, slug, color):
        address = f"https://portal.example/join/{slug}/"

        assert read(seen(qr.svg(address, color=brand.ink(color)))) == [address]

    def test_reads_it_when_a_thumb_covers_a_part(self):
        dots = seen(qr.svg(ADDRESS, color="#0b6370"))
        middle = dots.shape[0] // 2
        dots[middle - 14 : middle + 14, middle - 14 : middle + 14] = 128

        assert read(dots) == [ADDRESS]


def test_the_code_has_a_quiet_white_zone_of_its_own_on_a_dark_page():
    dots = seen(qr.svg(ADDRESS, color="#000000"))
    rim = dots[PIXELS:-PIXELS, PIXELS:-PIXELS]
    quiet = 4 * PIXELS  # as many modules as the standard asks for

    inner = rim[quiet:-quiet, quiet:-quiet]
    assert (rim[:quiet] == 255).all() and (rim[:, -quiet:] == 255).all()
    assert inner[0].min() == 0 and inner[:, 0].min() == 0


class TestTheCode:
    def test_is_the_address_and_nothing_else(self):
        drawn = ElementTree.fromstring(qr.svg("https://portal.example/join/x/", color="#0b6370"))
        size = int(drawn.get("viewBox").split()[-1])
        path = drawn[1].get("d")
        dark = {tuple(map(int, one)) for one in UNIT.findall(path)}

        assert len(drawn) == 2 and size >= 21 + 2 * qr.MARGIN
        corners = [
            (qr.MARGIN, qr.MARGIN),
            (size - qr.MARGIN - 1, qr.MARGIN),
            (qr.MARGIN, size - qr.MARGIN - 1),
        ]
        assert dark.issuperset(corners)
        assert all(qr.MARGIN <= x < size - qr.MARGIN and qr.MARGIN <= y < size - qr.MARGIN for x, y in dark)
