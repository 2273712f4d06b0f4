"""Staff look at a home: the pages there are, and what the homeowner reads of it."""

from django.urls import reverse

from gridshare_portal.audit import queries as record

PAGES = {  # address: what its id names, and the word in the homeowner's record
    "site": ("home", "home"),
    "telemetry": ("home", "history"),
    "devices": ("home", "devices"),
    "activity": ("home", "activity"),
    "control": ("home", "control"),
    "proposals": ("home", "proposals"),
    "device": ("device", "device"),
    "mode": ("device", "mode"),
    "plan": ("device", "plan"),
    "details": ("device", "details"),
}
PARTS = {"now": "home", "progress": "home", "telemetry_json": "home", "state": "device", "looking": "home"}
ADDRESSED = {name: named for name, (named, _word) in PAGES.items()} | PARTS
ADDRESSED |= {"sensor_role": "sensor", "disconnect": "connection", "loading": "connection"}


def come_in(visitor, homeowner, **said):
    return visitor.post(
        reverse("homeowner:visit", args=[homeowner.site.synth_id]), {"reason": "asked", "words": ""} | said
    )


def seen_of(site):
    """What the homeowner reads of looking, oldest first."""
    named = {"site_opened", "site_viewed", "site_exported"}
    events = [event for event in record.events_of_site(site.synth_id) if event.name in named]
    return [(event.name, event.details.get("page", "")) for event in events][::-1]
