"""A token on its way: put on a request, and shown nowhere else."""

from __future__ import annotations

import re

import requests

from gridshare_portal.gridshare import errors

_SENDABLE = re.compile(r"[\x21-\x7e]{1,16384}")


class Bearer:
    """A token that no repr, log or traceback shows."""

    def __init__(self, token: str) -> None:
        self._reveal = lambda: token

    def sign(self, operation: str, request: requests.PreparedRequest) -> None:
        """Put the token on the request, unless it could not be sent as it is."""
        if not isinstance(self._reveal(), str) or not _SENDABLE.fullmatch(self._reveal()):
            raise errors.Unauthorized(operation)
        request.headers["Authorization"] = f"Bearer {self._reveal()}"

    def scrub(self, error: errors.GridshareError) -> None:
        """Take the token out of what the API said, should it have repeated it."""
        token = self._reveal()
        if isinstance(token, str) and token:
            error.message = error.message.replace(token, "…")
            error.code = error.code and error.code.replace(token, "…")
            error.args = (error.operation, error.status, error.message)

    def hide(self, raw: bytes) -> bytes:
        """Return an answer's bytes without the token, should the API have repeated it."""
        token = self._reveal()
        return raw.replace(token.encode(), "…".encode()) if isinstance(token, str) and token else raw
