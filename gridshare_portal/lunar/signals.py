"""Signals about a connection for the packages above, sent inside the transaction that makes them true.

connected(connection) after tokens were stored, for the first time or again; ended(connection, forget) when
they are gone: connection.status says whether Lunar ended it ("reconnect") or the homeowner did
("disconnected"), and forget whether the stored readings go too.
"""

from __future__ import annotations

from django.dispatch import Signal

connected = Signal()
ended = Signal()
