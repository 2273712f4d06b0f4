"""Hosts of one network inside this machine: network namespaces on a bridge, each of which can be cut off.

Needs root on Linux. Everything is named after this process, and gone when the network is left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from socket import SHUT_WR, create_connection, create_server, socket

NETWORK = "10.77.0"
OWN = f"{NETWORK}.1"  # this machine, as the hosts see it


class NotPossible(Exception):
    """This machine does not let us make networks; the text says why."""


class Network:
    """A bridge with a host for each name; hosts are numbered from 11 on."""

    def __init__(self, names: Sequence[str]) -> None:
        self.bridge = f"tb{os.getpid()}"
        self.addresses = {name: f"{NETWORK}.{number}" for number, name in enumerate(names, start=11)}

    def __enter__(self) -> Network:
        if os.getuid() != 0 or shutil.which("ip") is None:
            raise NotPossible("only root makes network namespaces, and by the program ip")
        try:
            _ip("link", "add", self.bridge, "type", "bridge")
            _ip("addr", "add", f"{OWN}/24", "dev", self.bridge)
            _ip("link", "set", self.bridge, "up")
            for name in self.addresses:
                self._add(name)
        except subprocess.CalledProcessError as refused:
            self.__exit__()
            raise NotPossible(f"{' '.join(refused.cmd)}: {refused.stderr.strip()}") from None
        return self

    def __exit__(self, *_how: object) -> None:
        for name in self.addresses:
            _tried("netns", "del", self.space(name))
        _tried("link", "del", self.bridge)

    def space(self, name: str) -> str:
        """Return the name of a host's namespace."""
        return f"{self.bridge}-{name}"

    def within(self, name: str, command: Sequence[str]) -> list[str]:
        """Return a command as it is run on a host."""
        return ["ip", "netns", "exec", self.space(name), *command]

    def cut(self, name: str) -> None:
        """Take a host's cable out: what it sends and what is sent to it is lost, and nobody is told."""
        _ip("link", "set", self._cable(name), "down")

    def mend(self, name: str) -> None:
        """Put the cable in again."""
        _ip("link", "set", self._cable(name), "up")

    def _cable(self, name: str) -> str:
        return f"{self.bridge}{self.addresses[name].rpartition('.')[2]}"

    def _add(self, name: str) -> None:
        space, cable = self.space(name), self._cable(name)
        _ip("netns", "add", space)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", cable, "master", self.bridge, "up")
        _ip("-n", space, "addr", "add", f"{self.addresses[name]}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")
        _ip("-n", space, "link", "set", "lo", "up")


def relay(listening: tuple[str, int], to: tuple[str, int]) -> None:
    """Pass connections on for good: the portal sends tokens in the clear to its own machine alone."""
    with create_server(listening, backlog=512) as server:
        while True:
            caller, _address = server.accept()
            threading.Thread(target=_pass_on, args=(caller, to), daemon=True).start()


def _pass_on(caller: socket, to: tuple[str, int]) -> None:
    try:
        with caller, create_connection(to, timeout=5.0) as other:
            other.settimeout(None)
            back = threading.Thread(target=_copy, args=(other, caller), daemon=True)
            back.start()
            _copy(caller, other)
            back.join()
    except OSError:
        pass  # the caller sees its connection end


def _copy(source: socket, target: socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(SHUT_WR)
    except OSError:
        for one in (source, target):
            one.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def _tried(*words: str) -> None:
    subprocess.run(["ip", *words], check=False, capture_output=True)


if __name__ == "__main__":
    relay((sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4])))
