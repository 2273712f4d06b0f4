"""The homes table read page by page, as its links lead through it."""

from django.http import QueryDict
from django.utils import timezone

from gridshare_portal.portfolio.table import listing
from gridshare_portal.portfolio.table import query as asking

QUERIES = [
    "",
    "state=reconnect&sort=-shared",
    "ask=yes&has=battery&sort=charge",
    "charged=unknown&sort=-charge",
    "charged=known&sort=stored",
    "age=silent&sort=name",
    "q=home&right=view&sort=-reading",
    "zone=Europe/Berlin&lacks=ev&sort=-stored",
    "lacks=battery&charged=known",
]


def read(query):
    return asking.read(QueryDict(query))


def walk(visitor, organization, query, *, size=9):
    """Every page from the first to the last, by the links between them."""
    now, pages, following = timezone.now(), [], query
    while True:
        page = listing.page(visitor.user, organization, read(following), now=now, size=size)
        pages.append([line.site_id for line in page.lines])
        if not page.following:
            return pages
        following = page.following
