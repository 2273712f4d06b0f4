"""Write many files as one ZIP while it is sent: it is whole nowhere, neither in memory nor on a disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator

from gridshare_portal.files import workbooks

ZIP = "application/zip"

Member = tuple[str, Iterable[str]]  # the file's name in the archive, and its text in pieces


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield the pieces of an archive, the first once the first file is written.

    The caller names the files; a piece is about 64 KB, and no more than that is held.
    """
    outgoing, is_first = workbooks.Outgoing(), True
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            with archive.open(name, "w") as file:
                for piece in text:
                    file.write(piece.encode())
                    if sent := outgoing.taken(workbooks.PIECE):
                        yield sent
            if is_first:
                is_first = False
                yield outgoing.taken()
    yield outgoing.taken()
