"""Find the days of a sensor that are due again, among the few that still are to be asked for."""

from django.db import migrations, models

from gridshare_portal.upkeep.operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("telemetry", "0002_ask_again")]

    operations = [
        AddIndexOnline(
            "day",
            models.Index(
                fields=["sensor", "ask_again_at"],
                condition=models.Q(ask_again_at__isnull=False),
                name="telemetry_day_again",
            ),
        )
    ]
