"""Tells the page frame that this is a demonstration."""

from django.http import HttpRequest

from gridshare_portal.demo import people


def demo(_request: HttpRequest) -> dict[str, object]:
    """Return who the bar at the foot of each page offers to sign in as."""
    return {"demo": True, "demo_people": people.PEOPLE}
