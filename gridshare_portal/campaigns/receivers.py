"""Counts a consent that was given through a campaign, in the consent's transaction."""

from __future__ import annotations

from datetime import date

from django.dispatch import receiver

from gridshare_portal.access import models, return_address, signals
from gridshare_portal.campaigns import funnel
from gridshare_portal.campaigns import models as campaigns_models


@receiver(signals.given, dispatch_uid="retailer.given")
def on_given(
    sender: object, *, consent: models.Consent, through: return_address.Suggested | None, **_rest: object
) -> None:
    if through is None or not through.campaign:
        return
    own = campaigns_models.Campaign.objects.filter(organization=consent.organization_id)
    if campaign := own.filter(slug=through.campaign).first():
        funnel.add(campaign=campaign, step=funnel.CONSENTED, week=date.fromisoformat(through.week))
