"""Keep what must survive a restart in one JSON file, replaced atomically and readable by its owner only."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class StateFile:
    """One file; without a path nothing is kept."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = Path(path) if path else None
        self._lock = threading.Lock()

    def read(self) -> dict[str, Any]:
        if self._path is None or not self._path.exists():
            return {}
        kept: dict[str, Any] = json.loads(self._path.read_text())
        return kept

    def write(self, value: Mapping[str, object]) -> None:
        if self._path is None:
            return
        with self._lock:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            with os.fdopen(handle, "w") as file:
                json.dump(value, file)
            os.replace(name, self._path)
