"""A home that was shared on a campaign's suggestion is counted for it, in the same transaction."""

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
    """Count who shared by way of a campaign; whose home it is, is kept with the consent alone."""
    if through is None or not through.campaign:
        return
    campaign = campaigns_models.Campaign.objects.filter(
        slug=through.campaign, organization=consent.organization_id
    ).first()
    if campaign is not None:
        funnel.add(campaign=campaign, step=funnel.CONSENTED, week=date.fromisoformat(through.week))
