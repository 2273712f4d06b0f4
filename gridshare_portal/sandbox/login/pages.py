"""The pages of the simulated login: signing in, and error pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from werkzeug.wrappers import Response

from gridshare_portal.sandbox.simulation.homes import Customer

MOST_BUTTONS = 48
_SCOPES = {
    "lunar/device.read": "See devices and their readings",
    "lunar/device.write": "Change devices and their operation mode",
    "lunar/plan.read": "See plans",
    "lunar/plan.write": "Send plans to a device",
}
_STYLE = """
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { max-width: 30rem; margin: 0 auto; padding: 1.5rem 1rem }
.note { border: 2px dashed currentColor; border-radius: .5rem; padding: .5rem .75rem }
fieldset { border: 1px solid #8888; border-radius: .5rem; margin: 1rem 0; padding: .5rem .75rem }
label { display: block; padding: .375rem 0 }
button { display: block; width: 100%; min-height: 2.75rem; margin: .5rem 0; padding: .5rem .75rem;
  border: 1px solid #888; border-radius: .5rem; font: inherit; text-align: start; cursor: pointer }
button small { display: block }
"""


def sign_in(
    customers: Iterable[Customer], *, sent: Mapping[str, str], scopes: Iterable[str], problem: str = ""
) -> Response:
    """Return the sign-in page: one button per demo customer, and a checkbox per scope."""
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in sent.items())
    boxes = "".join(_box(scope) for scope in scopes)
    buttons = "".join(_button(customer) for customer in list(customers)[:MOST_BUTTONS])
    warning = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return _page(
        "Sign in to the sandbox",
        f"""<p class="note">This is the <strong>sandbox</strong>: a pretended Lunar login with demo customers.
No real account, no password, no real home.</p>{warning}
<form method="post" action="/login">{hidden}
<fieldset><legend>What the portal asks for</legend>{boxes}</fieldset>
<fieldset><legend>Sign in as</legend>{buttons}</fieldset>
<button name="cancel" value="1">Cancel and go back</button></form>""",
        status=400 if problem else 200,
    )


def wrong(message: str, status: int = 400) -> Response:
    """Return the error page of a request that must not be redirected."""
    return _page("Something is wrong with this request", f"<p>{escape(message)}</p>", status=status)


def front(customers: Iterable[Customer]) -> Response:
    """Return the page at the sandbox's own address."""
    names = "".join(
        f"<li><strong>{escape(customer.username)}</strong>: {escape(customer.about)}</li>"
        for customer in list(customers)[:MOST_BUTTONS]
    )
    text = "<p>This is a pretended Gridshare and Lunar login. It is meant to be called by the portal.</p>"
    return _page("Gridshare sandbox", f"{text}<h2>Demo customers</h2><ul>{names}</ul>")


def _box(scope: str) -> str:
    word = _SCOPES.get(scope, scope)
    box = f'<input type="checkbox" name="granted" value="{escape(scope)}" checked>'
    return f"<label>{box} {escape(word)}</label>"


def _button(customer: Customer) -> str:
    name, about = escape(customer.username), escape(customer.about)
    return f'<button name="username" value="{name}">{name}<small>{about}</small></button>'


def _page(title: str, body: str, status: int = 200) -> Response:
    text = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>"""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(text, status=status, content_type="text/html; charset=utf-8", headers=headers)
