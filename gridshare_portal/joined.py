"""Style sheets and modules that pages load together, joined into one file each.

A page that asks for a dozen sheets and a dozen modules waits for each of them. Sheets are put one after the
other. Modules keep a scope of their own each, as a function that returns what it exports, each behind what it
needs. Only the ways of importing and exporting that our modules use are understood; any other
is an error here, when files are collected, and never a page whose script does something else.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, overload

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage

_IMPORT = re.compile(
    r'^import\s+(?:\{(?P<names>\s*[\w$]+(?:\s*,\s*[\w$]+)*\s*,?\s*)\}|\*\s+as\s+(?P<whole>[\w$]+))\s+from\s+"portal/(?P<module>[\w/]+)";$',
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export\s+(?=(?:async\s+)?(?:function|const|class)\b)", re.MULTILINE)
_NAME = re.compile(r"^export\s+(?:async\s+)?(?:function\*?|const|class)\s+([\w$]+)", re.MULTILINE)
_NOT_UNDERSTOOD = re.compile(
    r"^\s*(?:import|export)\b|\bimport\s*[.(]|^(?:(?:const|let)\b.*=\s*)?await\b", re.MULTILINE
)
_COMMENTS = re.compile(r"^\s*//[^\n]*\n", re.MULTILINE)

Read = Callable[[str], str]


class NotJoinable(Exception):
    """A file that cannot be joined without changing what it does; the text says which, and why."""


def styles(names: Iterable[str], *, read: Read) -> str:
    """Put style sheets one after the other; raise NotJoinable for one that cannot stand there."""
    return "".join(f"{_plain_sheet(name, read(name)).rstrip()}\n" for name in names)


def scripts(entry: str, *, read: Read) -> str:
    """Join a module with all that it imports, each once and behind what it needs; raise NotJoinable."""
    texts = _reached(entry, read)
    needs = {name: [one["module"] for one in _IMPORT.finditer(text)] for name, text in texts.items()}
    try:
        ordered = list(TopologicalSorter(needs).static_order())
    except CycleError as circle:
        raise NotJoinable(f"modules that need each other: {circle.args[1]}") from circle
    return "".join(_as_function(name, texts[name]) for name in ordered)


def _plain_sheet(name: str, text: str) -> str:
    if found := re.search(
        r"@import|@charset|@namespace|@layer\s+[\w.,\s]+;|url\((?!\s*[\"']?(?:#|data:))", text
    ):
        raise NotJoinable(f"{name}: {found[0]}")
    return text


def _reached(entry: str, read: Read) -> dict[str, str]:
    texts: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name] = _COMMENTS.sub("", read(name))
            waiting += [one["module"] for one in _IMPORT.finditer(texts[name])]
    return texts


def _as_function(name: str, text: str) -> str:
    exported = _NAME.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(_taken, text)).strip()
    if found := _NOT_UNDERSTOOD.search(body):
        raise NotJoinable(f"{name}: {found[0].strip()}")
    given = f"\nreturn {{ {', '.join(exported)} }};" if exported else ""
    return f"const {_variable(name)} = (() => {{\n{body}{given}\n}})();\n"


def _taken(found: re.Match[str]) -> str:
    wanted = found["whole"] or f"{{ {' '.join(found['names'].split())} }}"
    return f"const {wanted} = {_variable(found['module'])};"


def _variable(module: str) -> str:
    return f"of_{module.replace('/', '$')}"


class JoinedFinder(finders.BaseFinder):
    """A staticfiles finder for the files in settings.JOINED_FILES, made from files that others find."""

    def __init__(self, *_args: object, **_options: object) -> None:
        self._files: Mapping[str, Sequence[str]] = settings.JOINED_FILES
        self._folder = tempfile.TemporaryDirectory(prefix="portal-joined-")  # goes with the process
        self._storage = FileSystemStorage(location=self._folder.name)
        self._storage.prefix = None  # type: ignore[attr-defined] # as staticfiles wants of its storages
        self._made_of: dict[
            str, dict[Path, int]
        ] = {}  # by joined file: its parts, and when they were written

    def check(self, **_options: object) -> list[CheckMessage]:
        """Return an error for each file that cannot be joined."""
        faults: list[CheckMessage] = []
        for path in self._files:
            try:
                self._text(path)
            except (NotJoinable, FileNotFoundError) as fault:
                faults.append(Error(f"{path} cannot be joined: {fault}", id="portal.E002"))
        return faults

    @overload
    def find(self, path: str, find_all: Literal[False] = False) -> str | None: ...

    @overload
    def find(self, path: str, find_all: Literal[True]) -> list[str]: ...

    def find(self, path: str, find_all: bool = False) -> str | list[str] | None:
        """Return where a joined file lies, as its parts are now; an empty list where it is none of ours."""
        found = [str(self._written(path))] if path in self._files else []
        return found if find_all or not found else found[0]

    def list(self, _ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield each joined file, as its parts are now."""
        for path in self._files:
            self._written(path)
            yield path, self._storage

    def _written(self, path: str) -> Path:
        file, parts = Path(self._folder.name, path), self._made_of.get(path)
        is_old = not parts or any(
            not one.is_file() or one.stat().st_mtime_ns != at for one, at in parts.items()
        )
        if is_old or not file.is_file():  # what was only checked is not written yet
            text = self._text(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return file

    def _text(self, path: str) -> str:
        parts: dict[Path, int] = {}

        def read(name: str) -> str:
            found = finders.find(name)
            if not found:
                raise FileNotFoundError(name)
            parts[Path(found)] = Path(found).stat().st_mtime_ns
            return Path(found).read_text()

        names = self._files[path]
        styled = path.endswith(".css")
        text = styles(names, read=read) if styled else scripts(*names, read=lambda one: read(f"js/{one}.js"))
        self._made_of[path] = parts
        return text
