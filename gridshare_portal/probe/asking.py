"""The questions that are asked, one after the other: reads alone, of one account, some fifty of them.

Which words a service understands is not known beforehand, so a question about time is asked in the words of
both dialects, and the words that were understood are used from then on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors, values
from gridshare_portal.probe.answers import Answer
from gridshare_portal.probe.rules import dialect, names, parameters

DAY = timedelta(days=1)
BACK = 2 * DAY  # the day asked for ended a day ago: what came late is there by then
RECENT = timedelta(hours=4)
MOST_SENSORS, TRIES = 8, 4
USUAL, BOTH = "PT15M", "default,energy"
STEPS = {"PT5M": timedelta(minutes=5), "PT30M": timedelta(minutes=30), "PT1H": timedelta(hours=1), "P1D": DAY}
SPANS = (1, 7, 31)
WORDS = {"start and end": dialect.PUBLISHED, "interval": dialect.LIVE}
STEP_NAMES = {dialect.PUBLISHED: "bucket", dialect.LIVE: "resolution"}
NOTHING = Answer(error="not asked")


@dataclass(kw_only=True)
class Seen:
    """All answers, by what was asked; sensors bear short names that say nothing of their ids."""

    now: datetime
    start: datetime
    end: datetime
    sites: Answer = NOTHING
    devices: Answer = NOTHING
    device: Answer = NOTHING
    tree: Answer = NOTHING
    unfolded: Answer = NOTHING
    plan: Answer = NOTHING
    modes: dict[str, Answer] = field(default_factory=dict)
    stretches: dict[str, Answer] = field(default_factory=dict)
    plain: Answer = NOTHING
    steps: dict[str, dict[str, Answer]] = field(default_factory=dict)
    default: Answer = NOTHING
    latest: Answer = NOTHING
    nonsense: Answer = NOTHING
    sizes: dict[str, Answer] = field(default_factory=dict)
    spans: dict[int, tuple[Answer, datetime, datetime]] = field(default_factory=dict)
    refusals: dict[str, Answer] = field(default_factory=dict)
    days: dict[str, Answer] = field(default_factory=dict)
    recent: dict[str, Answer] = field(default_factory=dict)
    capacities_wh: dict[str, float] = field(default_factory=dict)
    tried: str = ""
    questions: int = 0
    throttled: int = 0
    heard: list[Answer] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The words for a stretch of time that were understood; the contract's where none were."""
        return next((word for word, was in self.understood.items() if was), "start and end")

    @property
    def understood(self) -> dict[str, bool]:
        return {
            word: parameters.stretch(answer, start=self.start, end=self.end)
            for word, answer in self.stretches.items()
        }

    @property
    def day(self) -> Answer:
        """The day of the sensor that the questions were tried on."""
        return self.stretches.get(self.words, NOTHING)


class Prober:
    """Somebody who asks through one client, and never writes."""

    def __init__(
        self, client: gridshare.Client, *, alias: names.Alias, now: datetime, pause_s: float = 0.0
    ) -> None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.seen = Seen(now=now, start=midnight - BACK, end=midnight - BACK + DAY)
        self._speaking = {word: client.speaking(word) for word in dialect.DIALECTS}
        self._alias, self._pause_s = alias, pause_s

    def run(self) -> Seen:
        """Ask everything; what raises is the way to the account alone (see `sites.clients`)."""
        seen = self.seen
        seen.sites, seen.devices = self._ask("listSites"), self._ask("listDevices")
        for site in names.listed(seen.sites, "siteId")[:1]:
            seen.tree = self._ask("getSiteTopology", site)
            seen.unfolded = self._ask("getSiteTopology", site, compact="false")
        own = names.listed(seen.devices, "synthId")
        self._ask_devices(own)
        streams = {str(node["id"]): node for node in names.sensors(seen.tree)}
        tried = self._find_words(list(streams)[:TRIES])
        if tried:
            seen.tried = self._alias.of(tried)
            if seen.day.entries:
                self._ask_variations(tried)
            self._ask_impossible(tried, own)
        for sensor, node in list(streams.items())[:MOST_SENSORS]:
            self._ask_sensor(sensor, names.capacity_wh(node))
        return seen

    def _ask_devices(self, own: list[str]) -> None:
        for device in own[:1]:
            self.seen.device = self._ask("getDevice", device)
        for device in own[:TRIES]:
            self.seen.modes = {
                word: self._ask("getDeviceOperationMode", device, speaking=word) for word in dialect.DIALECTS
            }
            self.seen.plan = self._ask("getDeviceOverlayPlan", device)
            if self.seen.plan.fields.get("commands"):
                return

    def _find_words(self, sensors: list[str]) -> str:
        """Return the first sensor that gave a day in either words; else the first that there is."""
        seen = self.seen
        for sensor in sensors:
            for words, spoken in WORDS.items():
                query = self._stretch(words, seen.start, seen.end)
                step = {STEP_NAMES[spoken]: USUAL}
                seen.stretches[words] = self._ask_readings(sensor, query | step | {"include": BOTH})
            if any(seen.understood.values()):
                return sensor
        return sensors[0] if sensors else ""

    def _ask_variations(self, sensor: str) -> None:
        seen = self.seen
        stretch = self._stretch(seen.words, seen.start, seen.end)
        usual = stretch | {"include": BOTH}
        seen.plain = self._ask_readings(sensor, usual)
        for name in STEP_NAMES.values():
            seen.steps[name] = {
                step: self._ask_readings(sensor, usual | {name: step}) for step in ("PT1H", "P1D")
            }
        name = self.step_name
        for step in STEPS.keys() - {"PT1H", "P1D"}:
            seen.steps[name][step] = self._ask_readings(sensor, usual | {name: step})
        seen.default = self._ask_readings(sensor, stretch | {"include": "default"})
        seen.latest = self._ask_readings(sensor, stretch | {"include": "default", "aggregation": "latest"})
        seen.nonsense = self._ask_readings(sensor, stretch | {"aggregation": "nonsense"})
        for size in ("limit", "pageSize", "page"):
            seen.sizes[size] = self._ask_readings(sensor, usual | {size: "5"})
        for days in SPANS:
            start = seen.end - days * DAY
            query = self._stretch(seen.words, start, seen.end) | {name: USUAL, "include": BOTH}
            seen.spans[days] = (self._ask_readings(sensor, query), start, seen.end)

    def _ask_impossible(self, sensor: str, own: list[str]) -> None:
        seen = self.seen
        usual = self._stretch(seen.words, seen.start, seen.end)
        seen.refusals = {
            "A step that there is not": self._ask_readings(sensor, usual | {self.step_name: "PT7M"}),
            "A time that does not exist": self._ask_readings(
                sensor, self._spelled(seen.words, "2026-02-30T00:00:00Z", "2026-02-31T00:00:00Z")
            ),
            "A sensor that there is not": self._ask_readings(f"{sensor[:60]}-unknown", usual),
        }
        for device in own[:1]:
            seen.refusals["Readings of a device"] = self._ask_readings(device, usual)

    def _ask_sensor(self, sensor: str, capacity_wh: float | None) -> None:
        seen, alias = self.seen, self._alias.of(sensor)
        more = {self.step_name: USUAL, "include": BOTH}
        seen.days[alias] = self._ask_readings(sensor, self._stretch(seen.words, seen.start, seen.end) | more)
        recent = self._stretch(seen.words, seen.now - RECENT, seen.now)
        seen.recent[alias] = self._ask_readings(sensor, recent | more)
        if capacity_wh is not None:
            seen.capacities_wh[alias] = capacity_wh

    @property
    def step_name(self) -> str:
        """The name that a step is honored by; the dialect's own where none is."""
        honored = parameters.steps(self.seen.plain, self.seen.steps)
        return honored[0] if honored else STEP_NAMES[WORDS[self.seen.words]]

    def _stretch(self, words: str, start: datetime, end: datetime) -> dict[str, str]:
        spelled = [values.iso(moment.replace(microsecond=0)) for moment in (start, end)]
        return self._spelled(words, *spelled)

    def _spelled(self, words: str, start: str, end: str) -> dict[str, str]:
        return {"interval": f"{start}/{end}"} if words == "interval" else {"start": start, "end": end}

    def _ask_readings(self, sensor: str, query: Mapping[str, str]) -> Answer:
        return self._ask("getDeviceTelemetry", sensor, **query)

    def _ask(
        self, operation: str, subject: str = "", *, speaking: str = dialect.PUBLISHED, **query: str
    ) -> Answer:
        if self.seen.questions and self._pause_s:
            time.sleep(self._pause_s)
        self.seen.questions += 1
        try:
            came = self._speaking[speaking].fetch(operation, subject, query=query)
        except errors.GridshareError as failure:
            return Answer(error=type(failure).__name__)
        answer = _read(came.status, came.body, came.headers)
        self.seen.throttled += came.status == 429
        self.seen.heard.append(answer)
        return answer


def _read(status: int, raw: bytes, headers: Mapping[str, str]) -> Answer:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return Answer(status=status, headers=headers)
    return Answer(status=status, body=body, is_json=True, headers=headers)
