"""What tests of reading homes share: one run, and the row that says how it went."""

from gridshare_portal.sites import models as sites
from gridshare_portal.sites import sync


def read(connection, now, owner="me"):
    return sync.run(connection_pk=connection.pk, now=now, owner=owner)


def row(connection):
    return sites.Sync.objects.get(connection=connection)
