"""What stands before all pages: whose request it is, behind proxies, and whether there were too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from gridshare_portal.limits import acts, answers, counting, visitors

log = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]

UNKNOWN_PROXY = (
    "%s says for whom it calls, but is not named in TRUSTED_PROXIES; its X-Forwarded headers are ignored"
)
MOST_NAMED = 20
_named: set[str] = set()


def name_visitor(get_response: Handler) -> Handler:
    """Make REMOTE_ADDR the visitor's own address, and drop what nobody whom we trust has said.

    First of all, so that limits, lists of sessions and redirects to https rest on the same answer.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        meta, proxies = request.META, settings.TRUSTED_PROXIES
        peer = meta.get("REMOTE_ADDR") or ""
        meta["REMOTE_ADDR"] = visitors.visitor_of(peer, meta.get("HTTP_X_FORWARDED_FOR", ""), proxies=proxies)
        meta.pop("HTTP_X_FORWARDED_FOR", None)
        if not proxies.has(peer) and meta.pop("HTTP_X_FORWARDED_PROTO", None) and proxies:
            _say_once(meta["REMOTE_ADDR"])
        return get_response(request)

    return middleware


def _say_once(peer: str) -> None:
    """Log a proxy that may be missing in the settings; visitors may pretend to be one, so only a few."""
    if peer not in _named and len(_named) < MOST_NAMED:
        _named.add(peer)
        log.warning(UNKNOWN_PROXY, peer)


class CountActs:
    """Count what is done by its address, before its view is asked, and after who asks is known.

    So whoever does too much is told so without learning whether what they asked for is there.
    """

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return answers.say(request, self._get_response(request))

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, place: Mapping[str, object]
    ) -> HttpResponse | None:
        """Answer in the view's place if this is one too many."""
        match = request.resolver_match
        name = acts.ADDRESSES.get(f"{_method(request)} {match.view_name}") if match else None
        if name is None:
            return None
        wait_s = counting.wait_s(name, request, place, now=timezone.now())
        if not wait_s:
            return None
        log.warning("limit %s reached by %s", name, request.user.pk or "a visitor")
        act = acts.ACTS[name]
        return answers.page(request, often=act.often, seconds=wait_s, keeps=act.keeps)


def _method(request: HttpRequest) -> str:
    return "get" if request.method == "HEAD" else str(request.method).lower()
