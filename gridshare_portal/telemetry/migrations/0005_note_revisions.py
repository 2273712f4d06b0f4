"""Note what a service changed of a home's past."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0003_longer_ids_and_unread_entries"),
        ("telemetry", "0004_open_days_that_may_still_change"),
    ]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("noticed_at", models.DateTimeField()),
                ("revised", models.PositiveIntegerField()),
                ("filled", models.PositiveIntegerField()),
                ("in_before_wh", models.FloatField(blank=True, null=True)),
                ("in_after_wh", models.FloatField(blank=True, null=True)),
                ("out_before_wh", models.FloatField(blank=True, null=True)),
                ("out_after_wh", models.FloatField(blank=True, null=True)),
                (
                    "sensor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="sites.sensor",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sensor", "day"), name="telemetry_revision_once")
                ]
            },
        )
    ]
