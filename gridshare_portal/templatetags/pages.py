"""Lead to a page by what it is for, in templates of rooms below the pages."""

from __future__ import annotations

from django import template

from gridshare_portal.mail import addresses

register = template.Library()


@register.simple_tag
def page(name: str, *args: object) -> str:
    """Return the path of a page of settings.PAGES."""
    return addresses.path(name, *args)
