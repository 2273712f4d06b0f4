"""Stamp what is stored of each day of a home, and keep its sums."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sites", "0001_initial"),
        ("telemetry", "0006_meaning_of_sensors"),
    ]

    operations = [
        migrations.AddField("collection", "stamped_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="SiteDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("days", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("stamp", models.BigIntegerField()),
                ("made_of", models.BinaryField(blank=True, null=True)),
                ("sums", models.BinaryField(blank=True, null=True)),
                (
                    "site",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="sites.site",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("site", "day", "days"), name="telemetry_site_days_once")
                ],
            },
        ),
    ]
