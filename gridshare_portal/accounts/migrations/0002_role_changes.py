"""Count role changes of people, and bind the secrets of second factors to their rows."""

from django.db import migrations, models

from gridshare_portal import seal
from gridshare_portal.accounts.signing_in import second_factors


def bind(apps, _schema_editor):
    for factor in apps.get_model("mfa", "Authenticator").objects.exclude(type="webauthn").iterator():
        second_factors.bind(factor)
        factor.save(update_fields=["data"])


def unbind(apps, _schema_editor):
    for factor in apps.get_model("mfa", "Authenticator").objects.exclude(type="webauthn").iterator():
        for name in set(second_factors.SECRETS) & set(factor.data):
            bound = second_factors.context(factor.user_id, factor.type)
            factor.data[name] = seal.seal(seal.unseal(factor.data[name], bound), second_factors.UNBOUND)
        factor.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="role_changes",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="times a role was changed"
            ),
        ),
        migrations.RunPython(bind, unbind),
    ]
