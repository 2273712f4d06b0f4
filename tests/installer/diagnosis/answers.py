"""Asking for an answer of Lunar's, and the worker that fetches it."""

from django.urls import reverse

from gridshare_portal.cases import tasks
from gridshare_portal.sites.models import RawResponse


def address(visitor, site, name="answer", *more):
    return reverse(f"installer:{name}", args=[visitor.organization.slug, site.synth_id, *more])


def ask(visitor, site, operation="getDevice", subject=None, day=""):
    subject = site.devices.first().synth_id if subject is None else subject
    return visitor.post(
        address(visitor, site), {"operation": operation, "subject": subject, "day": day}, follow=True
    )


def work():
    for row in RawResponse.objects.filter(taken_at=None):
        tasks.fetch_answer(row.pk)
