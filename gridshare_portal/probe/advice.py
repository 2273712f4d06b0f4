"""What an operator does about each thing that differs: go on, look at something first, or stop.

The same sentences stand in docs/going-live.md. Each says how to see whether people would be shown anything
untrue, because a service may differ in ways that the portal copes with.
"""

from __future__ import annotations

BEGINNINGS = ("Stop: ", "Look ", "Go on: ")

ADVICE: dict[str, str] = {
    "dialect_mixed": "Stop: what is named would not be understood. `gridshare/wire.py` words requests.",
    "ids_refused": "Look at the home page: it counts what is left out. `gridshare/ids.py` says why.",
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
    "coarser": "Go on: it is shown in steps of its own, and totals stay exact. A home's diagnosis says so.",
    "finer": "Go on: quarters of an hour are made of them. A home's diagnosis says so.",
    "shifted": "Look at the history of that day: its total must be that of the Lunar app.",
    "unaligned": "Look at the history of that day: it must show no gaps that the Lunar app does not have.",
    "end_stamps": "Look at a home's diagnosis: it says so, else `manage.py meaning HOME --stamps end`.",
    "incomplete": "Go on: gaps stay gaps. If most days have some, tell Lunar.",
    "nulls": "Go on: null is unknown, and shown as a gap.",
    "provisional": "Look at today's history an hour later: the zeros must be gone.",
    "flipped": "Look at a home's diagnosis: it says so, else `manage.py meaning HOME --power-sign out`.",
    "sign_mixed": "Stop: power says nothing here. Ask Lunar what the sign of power means for that sensor.",
    "kilowatts": "Look at a home's diagnosis: it says so, else `manage.py meaning HOME --power kW`.",
    "kilowatt_hours": "Look at a home's diagnosis: it says so, else `manage.py meaning HOME --counters kWh`.",
    "kilowatts_and_hours": "Stop: each home needs `manage.py meaning HOME --power kW --counters kWh`.",
    "scale_odd": "Stop: power or energy is in a unit that is not documented. Ask Lunar which.",
    "counter_at_start": "Look at yesterday's totals: they must be the Lunar app's, to the tenth of a kWh.",
    "counter_averaged": "Look at yesterday's totals: they must be the Lunar app's, to the tenth of a kWh.",
    "fraction": "Look at a home's diagnosis: it says so, else `manage.py meaning HOME --charge fraction`.",
    "charge_odd": "Look at the charge on the home page: it must be that of the Lunar app, or unknown.",
    "spikes": "Look at the history of that day: the chart must end at what the home can draw.",
    "counters_fall": "Look at that day's totals: they must be the Lunar app's, or say what is not known.",
    "paged": "Stop: only the first page would be read.",
    "span_short": "Stop: the past is asked for seven days at a time.",
    "refusal_no_json": "Go on: a refusal is known by its status.",
}
