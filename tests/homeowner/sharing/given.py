"""Sharing a home by its page, and what is shared of it."""

from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import policy

SHARING = "/sharing/"
TERMS = {"right": "view", "lasts": "day"}


def share(person, organization, site=None, **terms):
    address = reverse("homeowner:share", args=[(site or person.site).synth_id])
    return person.post(address, {"organization": organization.slug, **TERMS, **terms}, follow=True)


def held(site):
    return list(policy.holding(now=timezone.now()).filter(site=site))
