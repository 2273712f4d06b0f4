"""Keep uploads from filling the disk: what is longer than any file read here is dropped as it arrives.

What is kept is a little too long, so that the form which takes the file says that it is too large.
"""

from __future__ import annotations

from django.core.files.uploadhandler import FileUploadHandler

BYTES_AT_MOST = 10 * 1024 * 1024


class Bounded(FileUploadHandler):
    """Runs before the handlers that store a file, and passes no more than BYTES_AT_MOST on to them."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= BYTES_AT_MOST else None

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that follow."""
