"""QR codes of addresses, as pictures that cameras read on any background. Pure."""

from __future__ import annotations

from qrcode import constants, main
from qrcode.image import svg as images

MARGIN = 4  # modules of white that the standard asks for


def svg(address: str, *, color: str) -> str:
    """Return an SVG, dark modules in the color on white; still read when a sixth of it is dirty."""

    class Colored(images.SvgPathFillImage):
        QR_PATH_STYLE = {"fill": color, "shape-rendering": "crispEdges"}

    code: main.QRCode[Colored] = main.QRCode(
        error_correction=constants.ERROR_CORRECT_M, border=MARGIN, image_factory=Colored
    )
    code.add_data(address)
    drawn: str = code.make_image().to_string(encoding="unicode")
    return drawn
