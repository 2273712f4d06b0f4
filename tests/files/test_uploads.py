"""A file of any length is sent; no more of it is kept than a page would read."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from gridshare_portal.files import lines, uploads

PIECE = 64 * 1024


@pytest.mark.parametrize("size", [0, 1, 3_000_000, uploads.BYTES_AT_MOST])
def test_a_file_that_may_be_read_is_kept_whole(size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    assert sent(content).read() == content


def test_a_longer_one_is_kept_no_longer_and_still_too_long():
    file = sent(b"x" * 40_000_000)

    assert uploads.BYTES_AT_MOST < file.size <= uploads.BYTES_AT_MOST + PIECE


def test_what_a_run_reads_is_no_longer_than_what_is_kept():
    assert lines.BYTES_AT_MOST <= uploads.BYTES_AT_MOST


def sent(content):
    request = RequestFactory().post("/", {"file": SimpleUploadedFile("homes.csv", content)})
    return request.FILES["file"]
