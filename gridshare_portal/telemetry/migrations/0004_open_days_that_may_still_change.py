"""Ask again for days that were closed although they may still change: gappy ones, and those of the last month.

They come due over a week, so that nobody's past is fetched anew in one night.
"""

from datetime import timedelta

from django.db import migrations, models
from django.utils import timezone

BUCKETS = 96
MONTH, WEEK_MINUTES = timedelta(days=31), 7 * 24 * 60
TOGETHER = 500


def reopen(apps, _schema_editor):
    day, now = apps.get_model("telemetry", "Day"), timezone.now()
    may_change = models.Q(known_count__lt=BUCKETS) | models.Q(day__gte=(now - MONTH).date())
    last = 0
    while batch := list(_next(day, last, ask_again_at=None)):
        last = batch[-1]
        for pk in day.objects.filter(may_change, pk__in=batch).values_list("pk", flat=True):
            due_at = now + timedelta(minutes=pk % WEEK_MINUTES)
            day.objects.filter(pk=pk).update(ask_again_at=due_at, closed_at=None)


def close(apps, _schema_editor):
    day, now = apps.get_model("telemetry", "Day"), timezone.now()
    last = 0
    while batch := list(_next(day, last, closed_at=None)):
        last = batch[-1]
        day.objects.filter(pk__in=batch, day__lt=now.date()).update(closed_at=now)


def _next(day, last, **those):
    return day.objects.filter(pk__gt=last, **those).order_by("pk").values_list("pk", flat=True)[:TOGETHER]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("telemetry", "0003_find_days_to_ask_again")]

    operations = [migrations.RunPython(reopen, close)]
