from functools import reduce
from operator import add

from django.db import migrations, models

FACETS = [
    models.Q(state="active"),
    models.Q(right="control"),
    models.Q(ask_first=True),
    models.Q(has_solar=True),
    models.Q(has_battery=True),
    models.Q(has_ev=True),
    models.Q(stored_wh__isnull=False),
]
BITS = [
    models.Case(models.When(is_so, then=models.Value(2**place)), default=models.Value(0))
    for place, is_so in enumerate(FACETS)
]


class Migration(migrations.Migration):
    dependencies = [
        ("retailer", "0004_choices"),
    ]

    operations = [
        migrations.AddField(
            model_name="home",
            name="facets",
            field=models.GeneratedField(
                db_persist=True, expression=reduce(add, BITS), output_field=models.SmallIntegerField()
            ),
        ),
        migrations.AddIndex(
            model_name="home",
            index=models.Index(
                fields=["organization", "facets", "name_key", "told_key", "charge_key", "time_zone", "site"],
                name="retailer_by_facets",
            ),
        ),
        migrations.AddIndex(
            model_name="home",
            index=models.Index(fields=["organization", "time_zone"], name="retailer_by_zone"),
        ),
    ]
