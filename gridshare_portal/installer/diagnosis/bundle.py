"""The case file of a home for a warranty case: a ZIP of plain files, streamed.

It names the home, its devices and its readings, but no person. At most one day of one sensor is in memory at
a time.
"""

from __future__ import annotations

import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from gridshare_portal.files import cells, workbooks
from gridshare_portal.installer.diagnosis import calendar, summary
from gridshare_portal.installer.visiting import Looked
from gridshare_portal.sites import queries as site_queries
from gridshare_portal.sites import raw_responses
from gridshare_portal.telemetry import missing, packing
from gridshare_portal.telemetry.models import Day

DEVICES = {  # heads of columns, and the fields under them
    "Id": "synth_id",
    "Kind": "kind",
    "Maker": "manufacturer",
    "Model": "model",
    "Serial number": "serial_number",
    "Capacity (Wh)": "capacity_wh",
    "Limit (W)": "power_limit_w",
    "Read": "details_read_at",
    "Gone since": "gone_at",
}
CALLS = {
    "Operation": "operation",
    "Last asked": "last_at",
    "Status": "status",
    "Problem": "error",
    "Took (ms)": "ms",
    "Last went well": "ok_at",
    "Failures in a row": "failures",
    "Failing since": "since_at",
}
READINGS = timedelta(days=7)
CELL_LENGTH = 2000

README = """Case file of the home "{name}"
Written {now} for {organization}.

What is in it:
  home.json             the home, how it is reached, what is missing and why
  topology.json         how its devices belong together, as Lunar lists them
  devices.csv           maker, model and serial number of every device
  sensors.csv           every sensor: what it measures, first and newest reading
  completeness.csv      how many quarters of an hour are known of each of the last 400 days (UTC days)
  readings.csv          the readings of the last 7 days, one line per sensor and quarter of an hour
  calls.csv             when Lunar was last asked for what, and what it answered
  changes.csv           changes of mode, plan and details, and what the device said
  connection.csv        when the connection to Lunar began and ended

Moments are in UTC. Power is in watts, energy in watt-hours since the device began to count. Going in means
into the device or the home, going out means out of it; no number has a sign, also no current. An empty cell
means that nobody knows; it never means 0. A cell that a spreadsheet would take for a formula begins with an
apostrophe.

There is no name of a person in these files, no address, no password and no access key.
"""


def file_name(looked: Looked) -> str:
    """Name the file after the home and the day, in ASCII."""
    plain = unicodedata.normalize("NFKD", looked.site.name).encode("ascii", "ignore").decode()
    home = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].lower() or "home"
    return f"case-file_{home}_{looked.now:%Y-%m-%d}.zip"


def stream(looked: Looked) -> Iterator[bytes]:
    outgoing = workbooks.Outgoing()
    with zipfile.ZipFile(outgoing, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, write in FILES.items():
            place = zipfile.ZipInfo(name, looked.now.timetuple()[:6])
            place.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(place, "w") as file:
                for line in write(looked):
                    file.write(raw_responses.hidden(line).encode())
                    if piece := outgoing.taken(workbooks.PIECE):
                        yield piece
    yield outgoing.taken()


def _readme(looked: Looked) -> Iterator[str]:
    name, organization = cells.text(looked.site.name), cells.text(looked.organization.name)
    yield README.format(now=f"{looked.now:%Y-%m-%d %H:%M} UTC", name=name, organization=organization)


def _home(looked: Looked) -> Iterator[str]:
    site, now = looked.site, looked.now
    home, _titles, missing_readings = summary.gaps_of(site, now=now)
    document = {
        "id": site.synth_id,
        "name": site.name,
        "time_zone": site.time_zone,
        "known_since": _at(site.created_at),
        "connected": any(one.is_active for one in home.connections),
        "read_at": _at(home.collected.read_at if home.collected else None),
        "last_problem": home.collected.error if home.collected else "",
        "missing": [
            {
                "cause": one.gap.kind,
                "sensors": list(one.gap.sensors),
                "good_until": _at(one.gap.good_until),
                "good_again": _at(one.gap.good_again),
                "goes_on": one.gap.goes_on,
                "why": one.why,
                "next_step": one.next_step,
            }
            for one in missing_readings
        ],
    }
    yield json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _topology(looked: Looked) -> Iterator[str]:
    yield json.dumps(looked.site.topology, indent=2, ensure_ascii=False) + "\n"


def _devices(looked: Looked) -> Iterator[str]:
    rows = looked.site.devices.order_by("pk").values_list(*DEVICES.values())
    return _sheet([*DEVICES], rows.iterator(chunk_size=200))


def _sensors(looked: Looked) -> Iterator[str]:
    heads = ["Id", "Device", "Kind", "Measures", "Said by", "Channels", "Newest reading", "Gone since"]
    found = looked.site.sensors.select_related("device", "latest")
    rows = (
        [one.synth_id, one.device.synth_id if one.device else None, one.kind, one.role,
         "a person" if one.role_set else "the portal", " ".join(map(str, one.channels)),
         one.latest.at if hasattr(one, "latest") else None, one.gone_at]
        for one in found
    )  # fmt: skip
    return _sheet(heads, rows)


def _completeness(looked: Looked) -> Iterator[str]:
    first = missing.day_of(looked.now) - timedelta(days=calendar.DAYS)
    days = Day.objects.filter(sensor__site=looked.site, day__gte=first, step_s=missing.STEP_S)
    found = days.order_by("day", "sensor__position").values_list("day", "sensor__synth_id", "known_count")
    rows = ([day, sensor, known, missing.BUCKETS] for day, sensor, known in found.iterator(chunk_size=500))
    return _sheet(["Day (UTC)", "Sensor", "Known", "Of"], rows)


def _readings(looked: Looked) -> Iterator[str]:
    heads = ["Sensor", "Measures", "Start (UTC)", "In (W)", "Out (W)", "Voltage (V)", "Current (A)"]
    heads += ["Charge (%)", "Counted in (Wh)", "Counted out (Wh)"]
    return _sheet(heads, _buckets(looked))


def _buckets(looked: Looked) -> Iterator[list[object]]:
    roles = {one.pk: (one.synth_id, one.role) for one in site_queries.sensors_of(looked.site)}
    first, empty = missing.day_of(looked.now - READINGS), np.full(missing.BUCKETS, np.nan)
    days = Day.objects.filter(sensor__in=roles, day__gte=first, step_s=missing.STEP_S)
    rows = days.order_by("sensor__position", "sensor", "day")
    fields = ("sensor_id", "day", "packed", "known")
    for sensor, day, packed, known in rows.values_list(*fields).iterator(chunk_size=8):
        columns = packing.unpack(bytes(packed))
        table = np.abs([columns.get(name, empty) for name in packing.FIELDS])
        for bucket in np.flatnonzero(packing.flags(bytes(known), missing.BUCKETS)):
            at = missing.midnight(day) + int(bucket) * missing.STEP
            amounts = table[:, bucket].tolist()
            yield [*roles[sensor], at, *(None if one != one else round(one, 3) for one in amounts)]


def _calls(looked: Looked) -> Iterator[str]:
    calls = (call for _title, call in summary.calls_of(looked.site))
    return _sheet([*CALLS], ([getattr(call, name) for name in CALLS.values()] for call in calls))


def _changes(looked: Looked) -> Iterator[str]:
    heads = ["Made", "Kind", "Device", "Outcome", "Asked for", "Before", "After", "What the portal said"]
    found = looked.site.changes.select_related("device").order_by("-made_at")[:1000]
    rows = (
        [one.made_at, one.kind, one.device.synth_id, one.outcome, _json(one.asked), _json(one.before),
         _json(one.after), one.sentence]
        for one in found
    )  # fmt: skip
    return _sheet(heads, rows)


def _connection(looked: Looked) -> Iterator[str]:
    return _sheet(["When", "What happened"], summary.history_of(looked))


def _sheet(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield from cells.lines([heads])
    yield from cells.lines([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _at(value)
    return cells.text(value[:CELL_LENGTH]) if isinstance(value, str) else value


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _at(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


FILES: dict[str, Callable[[Looked], Iterable[str]]] = {
    "README.txt": _readme,
    "home.json": _home,
    "topology.json": _topology,
    "devices.csv": _devices,
    "sensors.csv": _sensors,
    "completeness.csv": _completeness,
    "readings.csv": _readings,
    "calls.csv": _calls,
    "changes.csv": _changes,
    "connection.csv": _connection,
}
