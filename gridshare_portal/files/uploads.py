"""No upload fills the disk: what is longer than any file that is read here is dropped as it comes.

What is kept is a little too long, so that the form that asked for the file says that it is too large.
"""

from __future__ import annotations

from django.core.files.uploadhandler import FileUploadHandler

BYTES_AT_MOST = 10 * 1024 * 1024


class Bounded(FileUploadHandler):
    """Stands before the handlers that keep a file, and hands on no more of it than that."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Hand a piece on, or drop it; `start` is where in the file it begins."""
        return raw_data if start <= BYTES_AT_MOST else None

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind."""
