import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sign_outs"),
        ("installer", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenCases",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("now", models.PositiveIntegerField(default=0)),
                ("soon", models.PositiveIntegerField(default=0)),
                ("watch", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="open_cases",
                        to="accounts.organization",
                    ),
                ),
            ],
        ),
    ]
