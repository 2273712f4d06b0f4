"""Know a Lunar account by its issuer and its subject together, also in allauth's rows.

The version before does not find such an account when somebody signs in through Lunar; the code by e-mail works.
"""

from django.conf import settings
from django.db import migrations

from gridshare_portal.lunar import connections


def add_issuer(apps, _schema_editor):
    issuers = dict(
        apps.get_model("lunar", "Connection").objects.exclude(account=None).values_list("account", "issuer")
    )
    for account in _accounts(apps).iterator():
        if " " not in account.uid:
            issuer = issuers.get(account.pk, settings.LUNAR_ISSUER)
            account.uid = connections.uid_of(issuer=issuer, sub=account.uid)
            account.save(update_fields=["uid"])


def drop_issuer(apps, _schema_editor):
    for account in _accounts(apps).iterator():
        account.uid = account.uid.rpartition(" ")[2]
        account.save(update_fields=["uid"])


def _accounts(apps):
    lunar = apps.get_model("socialaccount", "SocialAccount").objects.filter(provider=connections.PROVIDER)
    return lunar.order_by("pk")


class Migration(migrations.Migration):
    dependencies = [
        ("lunar", "0001_initial"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [migrations.RunPython(add_issuer, drop_issuer)]
