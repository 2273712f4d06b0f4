"""Staff say why they look at a home."""

from django.utils import timezone

from gridshare_portal.access import visits


def visit(visitor, site, *, reason="asked"):
    whose = {"user": visitor.user, "site": site, "organization": visitor.organization}
    return visits.open(**whose, reason=reason, words="", now=timezone.now())
