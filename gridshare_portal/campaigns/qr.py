"""Draw an address as a QR code: one path of an SVG, with the quiet margin that cameras need. Pure."""

from __future__ import annotations

from qrcode import constants, main
from qrcode.image import base

MARGIN = 4


def svg(address: str, *, color: str) -> str:
    """Return an SVG, dark modules in the color on white; error correction M, readable with 15 % damage."""
    code: main.QRCode[base.BaseImage] = main.QRCode(error_correction=constants.ERROR_CORRECT_M, border=MARGIN)
    code.add_data(address)
    code.make(fit=True)
    rows = code.get_matrix()
    size = len(rows)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<path fill="#ffffff" d="M0 0h{size}v{size}h-{size}z"/><path fill="{color}" d="{path}"/></svg>'
    )
