"""Context of the demonstration's bar: whom a visitor can sign in as."""

from django.http import HttpRequest

from gridshare_portal.demo import people


def demo(_request: HttpRequest) -> dict[str, object]:
    return {"demo": True, "demo_people": people.PEOPLE}
