"""A tag that links to a page by its purpose, for templates of packages below the pages."""

from __future__ import annotations

from django import template

from gridshare_portal.mail import addresses

register = template.Library()


@register.simple_tag
def page(name: str, *args: object) -> str:
    """Return the path of a page named in settings.PAGES."""
    return addresses.path(name, *args)
