"""What an operator does about each thing that differs: go on, look at something first, or stop.

The same sentences stand in docs/going-live.md. Each says how to see whether people would be shown anything
untrue, because a service may differ in ways that the portal copes with.
"""

from __future__ import annotations

BEGINNINGS = ("Stop: ", "Look ", "Go on: ")

ADVICE: dict[str, str] = {
    "dialect_mixed": "Stop: what is named would not be understood. `gridshare/wire.py` words requests.",
    "ids_refused": "Stop: those homes or devices are not read. `gridshare/ids.py` says what an id may be.",
    "ids_doubled": "Go on: what stands there twice is read once.",
    "no_root": "Stop: without a tree no home has sensors. Ask Lunar whether it is set up; try another.",
    "no_sensors": "Stop: a home without sensors has no readings. Ask Lunar about it; try another.",
    "devices_apart": "Look at the home's devices: each sensor must stand under its device.",
    "no_channels": "Look at the home page: it must know which sensor is solar, battery and grid.",
    "sensor_refused": "Look at the connection page: reading must be granted. Else ask Lunar why.",
    "sensor_empty": "Look at the Lunar app: if it shows that day, tell Lunar; else try another home.",
    "no_json": "Stop: something between here and Lunar answers in its place. Check `GRIDSHARE_URL`.",
    "stretch_ignored": "Stop: the service answers for another time. Ask Lunar how a time is asked for.",
    "step_ignored": "Look whether readings come in quarters of an hour: then it does not matter.",
    "include_ignored": "Stop: without counters totals are not known. Ask Lunar how energy is asked for.",
    "coarser": "Look at the history of that day: it must show longer steps, and not gaps between them.",
    "finer": "Look at the history of that day: its total must be that of the Lunar app.",
    "shifted": "Look at the history of that day: its total must be that of the Lunar app.",
    "unaligned": "Look at the history of that day: it must show no gaps that the Lunar app does not have.",
    "end_stamps": "Look at a sunny evening: solar must end when the Lunar app says so, not a step later.",
    "incomplete": "Go on: gaps stay gaps. If most days have some, tell Lunar.",
    "nulls": "Go on: null is unknown, and shown as a gap.",
    "provisional": "Look at today's history an hour later: the zeros must be gone.",
    "flipped": "Look at the flow picture around noon: solar must flow out of the panels, not into them.",
    "sign_mixed": "Stop: power says nothing here. Ask Lunar what the sign of power means for that sensor.",
    "kilowatts": "Stop: power would be shown a thousand times too small.",
    "kilowatt_hours": "Stop: energy would be shown a thousand times too small.",
    "kilowatts_and_hours": "Stop: power and energy would be shown a thousand times too small.",
    "scale_odd": "Stop: power or energy is in a unit that is not documented. Ask Lunar which.",
    "counter_at_start": "Look at yesterday's totals: they must be the Lunar app's, to the tenth of a kWh.",
    "counter_averaged": "Look at yesterday's totals: they must be the Lunar app's, to the tenth of a kWh.",
    "fraction": "Look at the charge on the home page: it must be that of the Lunar app.",
    "charge_odd": "Look at the charge on the home page: it must be that of the Lunar app, or unknown.",
    "spikes": "Look at the history of that day: the chart must end at what the home can draw.",
    "counters_fall": "Look at that day's totals: they must be the Lunar app's, or say what is not known.",
    "paged": "Stop: only the first page would be read.",
    "span_short": "Stop: the past is asked for seven days at a time.",
    "refusal_no_json": "Go on: a refusal is known by its status.",
}
