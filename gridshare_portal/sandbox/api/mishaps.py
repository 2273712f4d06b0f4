"""How each fault looks on the wire.

Some replace or delay a call before it is carried out, the others spoil its answer after.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping

from werkzeug.wrappers import Request, Response

from gridshare_portal.sandbox import serving
from gridshare_portal.sandbox.api.faults import Options

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


def before(request: Request, faults: Mapping[str, Options]) -> Response | None:
    """Delay, drop or answer a call in place of the operation; None lets it go on."""
    if "refuse_connection" in faults:
        raise serving.drop(request.environ, hard=True)
    if "latency" in faults:
        time.sleep(faults["latency"].get("ms", 1000) / 1000)
    for kind, answer in _INSTEAD.items():
        if kind in faults:
            return answer(faults[kind])
    return None


def after(request: Request, response: Response, faults: Mapping[str, Options]) -> Response:
    """Drop or spoil the answer of an operation that was carried out."""
    if "lost_reply" in faults:
        raise serving.drop(request.environ)
    if "wrong_types" in faults and response.status_code == 200 and response.get_data():
        response.set_data(json.dumps(_twisted(json.loads(response.get_data()), faults["wrong_types"])))
    if "silence" in faults and response.status_code == 200:
        _silence(request, response, faults["silence"])
    if "no_plan_word" in faults and response.status_code == 200:
        response = _no_plan(response, faults["no_plan_word"])
    if "retold_plan" in faults and response.status_code == 200:
        _retell(response, faults["retold_plan"])
    if "truncated" in faults:
        _cut(response, faults["truncated"])
    if "drip" in faults:
        _drip(response, faults["drip"])
    return response


def _json(status: int, *, later: float | str | None = None, **body: str) -> Response:
    headers = {} if later is None else {"Retry-After": str(later)}
    return Response(json.dumps(body), status, headers, content_type="application/json")


def _page(status: int, title: str) -> Response:
    return Response(_HTML.format(title), status, content_type="text/html")


_INSTEAD: dict[str, Callable[[Options], Response]] = {
    "too_many": lambda options: _json(
        429, later=options.get("retry_after", 1), message="too many requests", code="TooManyRequests"
    ),
    "server_error": lambda options: _json(
        options.get("status", 500), message="something broke", code="InternalError"
    ),
    "unavailable": lambda options: _json(
        503, later=options.get("retry_after"), message="down for maintenance", code="Unavailable"
    ),
    "bad_gateway_html": lambda options: _page(502, "502 Bad Gateway"),
    "html_page": lambda options: _page(200, "Welcome to our network"),
    "redirect": lambda options: Response(
        status=302, headers={"Location": options.get("to", "http://elsewhere.invalid/")}
    ),
    "token_revoked": lambda options: _json(401, message="the access token was revoked", code="Unauthorized"),
    "token_expired": lambda options: _json(401, message="the access token has expired", code="Unauthorized"),
    "forbidden_without_code": lambda options: _json(403, message="Forbidden"),
    "wrong_route": lambda options: _json(403, message="Missing Authentication Token"),
    "invalid_grant": lambda options: _json(400, error="invalid_grant"),
    "invalid_client": lambda options: _json(options.get("status", 400), error="invalid_client"),
}


def _twisted(value: object, options: Options) -> object:
    """Turn every number into a text, every text into a number, and every empty list into an object."""
    if "replace" in options:
        return options["replace"]
    if isinstance(value, dict):
        return {name: _twisted(inner, options) for name, inner in value.items()}
    if isinstance(value, list):
        return [_twisted(inner, options) for inner in value] if value else {}
    return 12 if isinstance(value, str) else str(value)


def _silence(request: Request, response: Response, options: Options) -> None:
    """Leave out readings between two moments; `sensor` is a part of the ids of the sensors meant."""
    if options.get("sensor", "") not in request.path:
        return
    since, until = options.get("since", ""), options.get("until", "9999")
    answer = json.loads(response.get_data())
    answer["entries"] = [one for one in answer["entries"] if not since <= one["timestamp"] < until]
    response.set_data(json.dumps(answer))


def _no_plan(response: Response, options: Options) -> Response:
    """Say that there is no plan in another way: how is "not_found", "null", "object" or "nothing"."""
    if json.loads(response.get_data())["commands"]:
        return response
    how = options.get("how", "not_found")
    if how == "not_found":
        return _json(404, message="there is no overlay plan", code="NotFound")
    response.set_data({"null": "null", "object": "{}", "nothing": ""}[how])
    return response


def _retell(response: Response, options: Options) -> None:
    """Tell a plan as a device keeps it: how is "reordered", "without_limits" or "rounded" to `value` W."""
    plan, how, step = json.loads(response.get_data()), options.get("how"), options.get("value", 100.0)
    if how == "reordered" and "startTime" not in plan:
        plan["commands"].reverse()
    for command in plan["commands"]:
        name = "power_W" if "kind" in command else "powerLimit_W"
        if how == "without_limits" and command.get("kind") != "setpoint":
            command.pop(name, None)
        if how == "rounded" and name in command:
            command[name] = round(command[name] / step) * step
    response.set_data(json.dumps(plan))


def _cut(response: Response, options: Options) -> None:
    """Send only the first half: with its own length, or (`fitting_length=False`) with that of the whole."""
    whole = response.get_data()
    response.set_data(whole[: len(whole) // 2])
    if not options.get("fitting_length", True):
        response.headers["Content-Length"] = str(len(whole))
        response.headers["Connection"] = "close"


def _drip(response: Response, options: Options) -> None:
    whole, pause = response.get_data(), options.get("pause_ms", 200) / 1000

    def parts() -> Iterator[bytes]:
        for place in range(len(whole)):
            time.sleep(pause)
            yield whole[place : place + 1]

    response.response = parts()
    response.headers["Content-Length"] = str(len(whole))
