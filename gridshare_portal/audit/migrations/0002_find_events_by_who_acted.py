"""Index events by who acted: a person takes them away, and becomes nameless in them when the account goes."""

from django.db import migrations, models

from gridshare_portal.upkeep.operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0001_initial")]

    operations = [
        AddIndexOnline(
            model_name="event",
            index=models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
        ),
    ]
