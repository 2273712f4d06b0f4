"""Connections that keep a deadline, which plain sockets do not.

A socket's timeout starts anew with every byte, so an answer that drips, in its headers or its
body, holds a caller for minutes. Here every receive is given only what is left of the whole, and
resolving a name and trying its addresses share one limit too.
"""

from __future__ import annotations

import http.client
import io
import queue
import socket
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import requests.adapters
from urllib3 import connection, connectionpool, exceptions, poolmanager

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_Found = tuple[int, int, int, str, tuple[object, ...]]  # one way to a host, as getaddrinfo puts it


class Adapter(requests.adapters.HTTPAdapter):
    """Send by connections that end at the deadline; nothing is repeated and no pool ever blocks."""

    def __init__(self, *, connections_kept: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=connections_kept, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Build the pools with the connections of this module."""
        self.poolmanager = poolmanager.PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, **kwargs
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _Received(io.RawIOBase):
    def __init__(self, sock: socket.socket, *, ends_at: float) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        self._socket.settimeout(left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        # urllib3 gives the socket what is left for the answer, just before it makes the answer.
        ends_at = time.monotonic() + _limited(sock.gettimeout())
        self.fp = io.BufferedReader(_Received(sock, ends_at=ends_at), 65536)


class _Connection(connection.HTTPConnection):
    """What both kinds of connection do; `timeout` is urllib3's, here what is left of the total."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        left_s = _limited(self.timeout)
        ends_at = time.monotonic() + left_s
        try:
            addresses = _resolve(self._dns_host, self.port, within_s=left_s)
            return _connect(addresses, ends_at=ends_at)
        except socket.gaierror as error:
            raise exceptions.NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise exceptions.ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise exceptions.NewConnectionError(self, "no connection") from error


class _SecureConnection(_Connection, connection.HTTPSConnection):
    pass


class _Pool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _limited(timeout_s: float | None) -> float:
    if timeout_s is None:
        raise ValueError("a call without a deadline could be held for ever")
    return timeout_s


def _resolve(host: str, port: int, *, within_s: float) -> Sequence[_Found]:
    # The system's resolver knows no deadline, so it is asked aside and left behind if it hangs.
    answers: queue.SimpleQueue[Sequence[_Found] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), daemon=True).start()
    try:
        answer = answers.get(timeout=within_s)
    except queue.Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, port: int, answers: queue.SimpleQueue[Sequence[_Found] | OSError]) -> None:
    try:
        answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        answers.put(error if isinstance(error, OSError) else OSError("not a host name"))


def _connect(addresses: Sequence[_Found], *, ends_at: float) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in addresses:
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("no connection in time")
        try:
            return _open(family, kind, protocol, address, left_s)
        except OSError as error:
            failure = error
    raise failure


def _open(
    family: int, kind: int, protocol: int, address: tuple[object, ...], timeout_s: float
) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout_s)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock
