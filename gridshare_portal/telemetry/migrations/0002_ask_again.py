"""Know when a day is to be asked for again, and which sensors the API refuses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [
        migrations.AddField("collection", "refused", models.JSONField(blank=True, null=True)),
        migrations.AddField("day", "ask_again_at", models.DateTimeField(blank=True, null=True)),
    ]
