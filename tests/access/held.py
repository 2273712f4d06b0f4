"""Which consents hold, and what the record tells."""

from gridshare_portal.access import policy
from gridshare_portal.audit import models as audit


def holding(now):
    return set(policy.holding(now=now))


def told(name):
    return list(audit.Event.objects.filter(name=name).order_by("pk"))
