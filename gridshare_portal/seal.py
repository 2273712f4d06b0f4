"""Encrypt secrets so that only this portal reads them, and only in the context they belong to.

A sealed text carries its context inside: a token moved to another row does not open. The first
of TOKEN_KEYS seals, all of them open. What cannot be opened raises; the sealed text is never
handed out in place of the secret.
"""

from __future__ import annotations

import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """No key of ours opens this secret here: a lost key, or a row that was tampered with."""


def seal(value: str, context: str) -> str:
    """Return the value as only our keys can read it, and only in this context."""
    return _fernet().encrypt(json.dumps([context, value]).encode()).decode()


def unseal(sealed: str, context: str) -> str:
    """Return what was sealed in this context."""
    value: str
    try:
        bound, value = json.loads(_fernet().decrypt(sealed.encode()))
    except (InvalidToken, ValueError, TypeError) as failure:
        raise SecretUnreadable("sealed with a key that is not in TOKEN_KEYS") from failure
    if bound != context:
        raise SecretUnreadable("sealed for another row")
    return value


def rotate(sealed: str) -> str:
    """Return the same secret sealed with the first key; the context stays inside."""
    try:
        return _fernet().rotate(sealed.encode()).decode()
    except InvalidToken as failure:
        raise SecretUnreadable("sealed with a key that is not in TOKEN_KEYS") from failure


def _fernet() -> MultiFernet:
    return _fernet_with(tuple(settings.TOKEN_KEYS))


@lru_cache(maxsize=4)
def _fernet_with(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
