"""Show how a home's sensors tell their readings, or set it where the portal did not see it by itself.

What is set goes before what days of readings show, until it is left to them again with "auto". Everything
stored of the sensor is restated at once, and asked for again.
"""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridshare_portal.sites import models as sites
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.meaning import records, told

AUTO = "auto"
WORDS: dict[str, tuple[str, dict[str, int | str]]] = {  # each property: what is asked, and its words
    "stamps": ("what a timestamp is of its bucket", {"start": told.START, "end": told.END}),
    "power_sign": ("where power above zero flows", {"in": told.INTO, "out": told.OUT_OF}),
    "power_scale": ("the unit of power", {"W": 1, "kW": 1000}),
    "counter_scale": ("the unit of counters", {"Wh": 1, "kWh": 1000}),
    "charge_scale": ("the unit of charge", {"percent": 1, "fraction": 100}),
}
OPTIONS = {
    "stamps": "stamps",
    "power_sign": "power-sign",
    "power_scale": "power",
    "counter_scale": "counters",
    "charge_scale": "charge",
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("home", help="the home's id at Lunar, as in its address")
        parser.add_argument("--sensor", default="", help="one sensor's id; all of the home if left out")
        for name, (help_text, words) in WORDS.items():
            parser.add_argument(
                f"--{OPTIONS[name]}", dest=name, choices=[*words, AUTO], help=f"{help_text}; auto: as found"
            )

    def handle(self, *args: object, home: str, sensor: str, **options: object) -> None:
        found = sites.Sensor.objects.filter(site__synth_id=home, gone_at=None).select_related("site")
        found = found.filter(synth_id=sensor) if sensor else found
        if not found:
            raise CommandError("No such home or sensor.")
        values = {name: words.get(str(options[name])) for name, (_, words) in WORDS.items() if options[name]}
        now = timezone.now()
        for one in found:
            if values:
                records.choose(sensor=one, values=values, now=now)
        if values:
            collect.wake_up(site=found[0].site, now=now)
        rows = records.of_sensors(one.pk for one in found)
        for one in found:
            self.stdout.write(f"{one.synth_id}: {_said(records.told_by(rows.get(one.pk)))}")


def _said(means: told.Told) -> str:
    named = [
        f"{OPTIONS[name]} {word}"
        for name, (_, words) in WORDS.items()
        for word, value in words.items()
        if value == getattr(means, name)
    ]
    return ", ".join([f"step {means.step_s} s", *named])
