"""Tags for scripts and style sheets, each with the digest by which a browser refuses a changed file.

With collected files a digest is computed once in each process. From source it follows the file, which may be
edited while the portal runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Final

from django import template
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

TAGS: Final = {
    "": '<script src="{}" integrity="{}"></script>',
    "defer": '<script defer src="{}" integrity="{}"></script>',
    "module": '<script type="module" src="{}" integrity="{}"></script>',
    "style": '<link rel="stylesheet" href="{}" integrity="{}">',
}
MODULES: Final = (  # which modules may import each other, by their names without the `portal/` before them
    ("refresh", "disclosure")
    + ("charts/cursor", "charts/start", "charts/scale", "charts/clock", "charts/palette", "charts/sheet")
    + ("charts/ground", "charts/gaps", "charts/columns", "charts/stack", "charts/stacked", "charts/labels")
    + ("charts/series", "charts/charge", "charts/unsettled", "charts/words")
)

_paths: dict[str, Path] = {}
_digests: dict[tuple[str, int, int], str] = {}  # of a file in one state
_tags: dict[tuple[str, str], SafeString] = {}  # of collected files, which never change


@register.simple_tag
def stylesheet(name: str) -> SafeString:
    """Return the link to a style sheet."""
    return _tag(name, "style")


@register.simple_tag
def script(name: str, loaded: str = "") -> SafeString:
    """Return the tag of a script that is loaded as a `module`, with `defer`, or at once."""
    return _tag(name, loaded)


@register.simple_tag
def is_from_source() -> bool:
    """Return whether files are served as they were written, so that modules can be imported by name."""
    return not isinstance(staticfiles_storage, ManifestFilesMixin)


@register.simple_tag
def import_map() -> SafeString:
    """Return where modules lie that import each other, and their digests, as JSON."""
    files = {name: f"js/{name}.js" for name in MODULES}
    places = {name: staticfiles_storage.url(file) for name, file in files.items()}
    known = {
        "imports": {f"portal/{name}": place for name, place in places.items()},
        "integrity": {places[name]: digest(file) for name, file in files.items()},
    }
    written = json.dumps(known, separators=(",", ":")).replace("<", "\\u003c")
    return mark_safe(written)  # noqa: S308  # nosec B308 B703 - names of our own files


def digest(name: str) -> str:
    """Return the digest of a file as it is served, as browsers compare it."""
    if isinstance(staticfiles_storage, ManifestFilesMixin):
        with staticfiles_storage.open(staticfiles_storage.stored_name(name)) as file:
            return _of(file.read())
    path = _paths.get(name)
    if path is None or not path.is_file() or name in settings.JOINED_FILES:  # which is as its parts are
        path = _paths[name] = _found(name)
    state = path.stat()
    key = (name, state.st_mtime_ns, state.st_size)
    if key not in _digests:
        _digests[key] = _of(path.read_bytes())
    return _digests[key]


def forget() -> None:
    """Compute everything anew, for tests that change where files come from."""
    _paths.clear()
    _digests.clear()
    _tags.clear()


def _found(name: str) -> Path:
    found = finders.find(name)
    if not found:
        raise FileNotFoundError(f"no such static file: {name}")
    return Path(found)


def _of(content: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def _tag(name: str, kind: str) -> SafeString:
    kept = _tags.get((name, kind))
    if kept is not None:
        return kept
    return _keep((name, kind), format_html(TAGS[kind], staticfiles_storage.url(name), digest(name)))


def _keep(key: tuple[str, str], tag: SafeString) -> SafeString:
    if isinstance(staticfiles_storage, ManifestFilesMixin):
        _tags[key] = tag
    return tag
