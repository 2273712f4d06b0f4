"""What is sent in one call, how it went, and what came back, as plain facts without a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is to be sent."""

    operation: str
    method: str
    url: str
    subject: str = ""
    query: dict[str, str] = field(default_factory=dict)
    body: object = None

    @property
    def is_write(self) -> bool:
        return self.method != "GET"

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, kw_only=True)
class Heard:
    """How one call went, for whoever keeps a log: no token, and nothing of what was said.

    `status` is None where no answer came, and `error` is empty where the answer could be used.
    """

    operation: str
    subject: str
    status: int | None
    error: str
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Came:
    """An answer as it came, whatever it says; only the token is taken out of it, and cookies.

    The names of headers are in lower case.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Token = Callable[..., str]
Listener = Callable[[Heard], object]
