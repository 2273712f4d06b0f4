"""A code on a page is read as a camera reads it: from the picture, by a reader of its own."""

import base64

import numpy
import zxingcpp

GRAY = """async (source) => {
  const picture = new Image(); picture.src = source; await picture.decode();
  const canvas = new OffscreenCanvas(picture.width, picture.height), pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const {data} = pen.getImageData(0, 0, picture.width, picture.height);
  let green = "";
  for (let at = 1; at < data.length; at += 4) green += String.fromCharCode(data[at]);
  return [picture.width, btoa(green)];
}"""


def assert_a_camera_reads(somebody, address):
    """The code on the page, light and dark and on paper, is read by a reader of codes as the address."""
    for theme, medium in (("light", "screen"), ("dark", "screen"), ("dark", "print")):
        somebody.page.emulate_media(color_scheme=theme, media=medium)
        picture = somebody.page.locator(".poster").screenshot()
        assert [one.text for one in zxingcpp.read_barcodes(gray(somebody, picture))] == [address], (
            theme,
            medium,
        )
    somebody.page.emulate_media(color_scheme="light", media="screen")


def gray(somebody, picture):
    tab = somebody.context.new_page()
    source = "data:image/png;base64," + base64.b64encode(picture).decode()
    wide, dots = tab.evaluate(GRAY, source)
    tab.close()
    return numpy.frombuffer(base64.b64decode(dots), numpy.uint8).reshape(-1, wide)
