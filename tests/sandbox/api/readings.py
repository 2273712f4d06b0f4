"""Readings of a sensor as the wire gives them, beside the truth of the same stretch."""

from datetime import UTC, datetime, timedelta

import requests

NAMES = ("energy_Wh_increment", "energy_Wh_decrement")


def at(text):
    """A moment of June 2026, such as "17 14:30"."""
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-06-{day}T{clock}:00+00:00").astimezone(UTC)


def spelled(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Sensor:
    """One sensor of a home, asked over HTTP."""

    def __init__(self, caller, sensor, *, live=False):
        self.caller, self.id, self.live = caller, sensor.synth_id, live

    def ask(self, start, end, step="PT15M", **more):
        stretch = (
            {"interval": f"{spelled(start)}/{spelled(end)}", "resolution": step}
            if self.live
            else {"start": spelled(start), "end": spelled(end), "bucket": step}
        )
        return self.caller.get(
            f"/api/v2/devices/{self.id}/telemetry", include="default,energy", **stretch, **more
        )

    def entries(self, start, end, step="PT15M"):
        answer = self.ask(start, end, step)
        assert answer.status_code == 200, answer.text
        return {entry.pop("timestamp"): entry for entry in answer.json()["entries"]}

    def column(self, name, start, end, step="PT15M"):
        return {stamp: entry[name] for stamp, entry in self.entries(start, end, step).items()}

    def truth(self, start, end):
        sent = {"sensor": self.id, "start": spelled(start), "end": spelled(end)}
        return requests.get(f"{self.caller.sandbox.url}/_sandbox/truth", params=sent, timeout=5).json()


def switch_on(sandbox, kind, **options):
    """Switch a fault of readings on from outside; moments may be given as such."""
    sent = {name: spelled(value) if isinstance(value, datetime) else value for name, value in options.items()}
    fault = {"operation": "getDeviceTelemetry", "kind": kind, **sent}
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    assert answer.status_code == 201, answer.text


def quarters(start, end):
    """The stamps of all quarters of an hour of a stretch."""
    count = (end - start) // timedelta(minutes=15)
    return [spelled(start + number * timedelta(minutes=15)) for number in range(count)]
