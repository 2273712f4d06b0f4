"""Serve exactly the listed files of the locked front-end packages, and no other.

Listing a package's whole folder would publish its sources, types and licenses too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, overload

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage


class _Renamed(FileSystemStorage):
    prefix = None

    def __init__(self, root: Path, names: dict[str, str]) -> None:
        super().__init__(location=root)
        self._names = names

    def path(self, name: str) -> str:
        return super().path(self._names.get(name, name))


class PackageFinder(BaseFinder):
    """A staticfiles finder for the files in settings.VENDOR_FILES, found in node_modules."""

    def __init__(self, *_args: object, **_options: object) -> None:
        self._root = Path(settings.NODE_MODULES)
        self._files: dict[str, str] = settings.VENDOR_FILES

    def check(self, **_options: object) -> list[CheckMessage]:
        missing = [source for source in self._files.values() if not (self._root / source).is_file()]
        return [Error(f"{source} is not installed: run `make setup`", id="portal.E001") for source in missing]

    @overload
    def find(self, path: str, find_all: Literal[False] = False) -> str | None: ...

    @overload
    def find(self, path: str, find_all: Literal[True]) -> list[str]: ...

    def find(self, path: str, find_all: bool = False) -> str | list[str] | None:
        """Return the path of a listed file, or an empty list: Django would take None for a file."""
        source = self._files.get(path)
        found = [str(self._root / source)] if source and (self._root / source).is_file() else []
        return found if find_all or not found else found[0]

    def list(self, _ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for path, source in self._files.items():
            yield path, _Renamed(self._root, {path: source})
