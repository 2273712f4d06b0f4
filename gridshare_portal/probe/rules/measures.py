"""Signs and scales: what power, counters and charge say of each other over one day of a sensor.

Counters are what the portal trusts: energy that went in grows one, energy that went out the other. So power
is compared with them, and charge with both, where the battery's capacity is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridshare_portal.probe import findings
from gridshare_portal.probe.answers import Bucket, step_of
from gridshare_portal.probe.findings import Finding

LEAST_WH = 50.0  # less than that in a day says nothing
AGREE = 0.6
NEAR = 1.25  # how far off a ratio may be: power is a mean, rounded, and a counter may skip a bucket
KILO = 1000.0
KILO_BELOW = 50.0  # a home that draws no more than 50 W in a whole day is told in kW
BEYOND_W = 100_000.0
SUBJECT = "Signs and scales"


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Power against counters over a day: how much each moved (Wh, if W and Wh), and how often they agree.

    `agreement` goes from 1 (always the same direction) to -1 (always the other one). `lag` is how far the
    counter's growth lies behind power's, in buckets: 0 where it is as at a bucket's end, 1 at its beginning.
    """

    by_power: float
    by_counters: float
    agreement: float
    lag: float | None


def compared(found: Sequence[Bucket]) -> Compared | None:
    """Compare a day's power with its counters; None where one is missing or next to nothing moved."""
    step = step_of(found)
    if step is None or step.total_seconds() <= 0:
        return None
    hours = step.total_seconds() / 3600
    energy, growth = [], []
    for earlier, later in zip(found, found[1:], strict=False):
        grown = _net(earlier, later)
        if (
            later.power is not None
            and grown is not None
            and later.at - earlier.at == step
            and possible(later)
        ):
            energy.append(later.power * hours)
            growth.append(grown)
    moved = sum(map(abs, energy)), sum(map(abs, growth))
    if min(moved) <= 0 or max(moved) < LEAST_WH:
        return None
    products = [e * g for e, g in zip(energy, growth, strict=True)]
    total = sum(map(abs, products))
    agreement = sum(products) / total if total else 0.0
    factor = (moved[1] / moved[0]) * (1 if agreement >= 0 else -1)
    return Compared(
        by_power=moved[0], by_counters=moved[1], agreement=agreement,
        lag=_lag([e * factor for e in energy], growth),
    )  # fmt: skip


def signs(days: Mapping[str, Compared | None]) -> list[Finding]:
    """Say of each sensor whether its power has the sign that its counters have."""
    return [finding for name, one in days.items() if (finding := _sign(name, one)) is not None] or [
        findings.unknown(SUBJECT, "sign_unknown", "Too little energy flowed to compare power with counters.")
    ]


def scales(days: Mapping[str, Compared | None], *, largest_power: float) -> Finding:
    """Say in which units power and counters are; `largest_power` is the largest number of all sensors."""
    ratios = sorted(one.by_counters / one.by_power for one in days.values() if one is not None)
    if not ratios:
        return findings.unknown(SUBJECT, "scale_unknown", "Too little energy flowed to see the units.")
    ratio = ratios[len(ratios) // 2]
    small = 0 < largest_power < KILO_BELOW
    if _near(ratio, 1) and not small:
        return findings.expected(SUBJECT, "watts", "Power is in W and counters are in Wh.")
    if _near(ratio, 1):
        sentence = "Power seems to be in kW and counters in kWh: no sensor reached 50 in a day."
        return findings.different(SUBJECT, "kilowatts_and_hours", sentence)
    if _near(ratio, KILO) and small:
        return findings.different(SUBJECT, "kilowatts", "Power is in kW, counters are in Wh.")
    if _near(ratio, 1 / KILO) and not small:
        return findings.different(SUBJECT, "kilowatt_hours", "Counters are in kWh, power is in W.")
    sentence = f"Counters grow {ratio:.3g} times as fast as power says: a unit is not W or Wh."
    return findings.different(SUBJECT, "scale_odd", sentence)


def counter_moment(days: Iterable[Compared | None]) -> Finding:
    """Say as at which moment of its bucket a counter is told."""
    lags = sorted(one.lag for one in days if one is not None and one.lag is not None)
    if not lags:
        return findings.unknown(SUBJECT, "counter_moment_unknown", "When a counter was read is not known.")
    lag = lags[len(lags) // 2]
    if lag == 0:
        return findings.expected(SUBJECT, "counter_at_end", "A counter is as at its bucket's end.")
    if lag == 1:
        sentence = "A counter is as at its bucket's BEGINNING: energy would be shown one bucket late."
        return findings.different(SUBJECT, "counter_at_start", sentence)
    sentence = "A counter is an average over its bucket: energy would be shown half a bucket late."
    return findings.different(SUBJECT, "counter_averaged", sentence)


def charge(found: Sequence[Bucket], *, capacity_wh: float | None = None) -> Finding:
    """Say whether charge is in percent or a fraction; energy tells a battery that is nearly empty apart."""
    told = [bucket.charge for bucket in found if bucket.charge is not None]
    if not told:
        return findings.unknown(SUBJECT, "charge_unknown", "No sensor told a charge.")
    if max(told) > 101 or min(told) < -1:
        return findings.different(SUBJECT, "charge_odd", "Charge goes beyond 0 to 100.")
    if max(told) > 1:
        return findings.expected(SUBJECT, "charge_percent", "Charge is in percent.")
    if max(told) <= 0:
        return findings.unknown(SUBJECT, "charge_unknown", "The battery was empty all day.")
    moved = sum(abs(b - a) for a, b in zip(told, told[1:], strict=False))
    counted = sum(abs(_net(a, b) or 0.0) for a, b in zip(found, found[1:], strict=False))
    if (
        capacity_wh
        and counted
        and abs(moved / 100 * capacity_wh - counted) < abs(moved * capacity_wh - counted)
    ):
        return findings.expected(
            SUBJECT, "charge_percent", "Charge is in percent; the battery was nearly empty."
        )
    sentence = "Charge never exceeded 1: it is a fraction, so a full battery would be shown as 1 %."
    return findings.different(SUBJECT, "fraction", sentence)


def beyond(days: Iterable[Sequence[Bucket]]) -> Finding:
    """Say whether a power is told that no home has."""
    count = sum(not possible(bucket) for found in days for bucket in found)
    if not count:
        return findings.expected(SUBJECT, "possible", "Every power is one that a home can have.")
    sentence = f"{count} buckets have a power beyond 100 kW: a mark for no value, not to be shown."
    return findings.different(SUBJECT, "spikes", sentence)


def falls(days: Iterable[Sequence[Bucket]]) -> Finding:
    """Say whether a counter ever fell."""
    count = sum(_fell(a, b) for found in days for a, b in zip(found, found[1:], strict=False))
    if not count:
        return findings.expected(SUBJECT, "counters_grow", "Counters only grew.")
    return findings.different(SUBJECT, "counters_fall", f"Counters fell {count} times within a day.")


def spelled(days: Iterable[Sequence[Bucket]]) -> Finding:
    """Say with which sign energy that flowed out is counted; the portal reads either."""
    out = [bucket.given for found in days for bucket in found if bucket.given]
    if not out:
        return findings.unknown(SUBJECT, "decrement_unknown", "No sensor has counted energy that flowed out.")
    sign = (
        "below zero, as documented" if max(out) < 0 else "above zero" if min(out) > 0 else "with either sign"
    )
    return findings.expected(SUBJECT, "decrement", f"Energy that flowed out is counted {sign}.")


def possible(bucket: Bucket) -> bool:
    """Return whether a home can have such a power; unknown is possible."""
    return bucket.power is None or abs(bucket.power) <= BEYOND_W


def _sign(name: str, one: Compared | None) -> Finding | None:
    if one is None:
        return None
    if one.agreement >= AGREE:
        return findings.expected(SUBJECT, "sign", f"{name}: power above zero flows into the device.")
    if one.agreement <= -AGREE:
        sentence = f"{name}: power is the other way round: above zero it flows OUT of the device."
        return findings.different(SUBJECT, "flipped", sentence)
    return findings.different(SUBJECT, "sign_mixed", f"{name}: power and counters agree in no direction.")


def _net(earlier: Bucket, later: Bucket) -> float | None:
    """Return what two counters say went in, less what went out; None where they say nothing, or one fell."""
    if (earlier.taken is None and earlier.given is None) or _fell(earlier, later):
        return None
    if (later.taken is None) != (earlier.taken is None) or (later.given is None) != (earlier.given is None):
        return None
    return (abs(later.taken or 0.0) - abs(earlier.taken or 0.0)) - (
        abs(later.given or 0.0) - abs(earlier.given or 0.0)
    )


def _fell(earlier: Bucket, later: Bucket) -> bool:
    pairs = ((earlier.taken, later.taken), (earlier.given, later.given))
    return any(a is not None and b is not None and abs(b) < abs(a) for a, b in pairs)


def _near(ratio: float, wanted: float) -> bool:
    return wanted / NEAR <= ratio <= wanted * NEAR


def _lag(energy: Sequence[float], growth: Sequence[float]) -> float | None:
    """Return by how many buckets growth lies behind energy: 0, a half or 1; None where nothing fits."""
    before = [energy[0], *energy[:-1]]
    off = {
        lag: sum(abs(g - ((1 - lag) * e + lag * b)) for e, b, g in zip(energy, before, growth, strict=True))
        for lag in (0.0, 0.5, 1.0)
    }
    best = min(off, key=off.__getitem__)
    total = sum(map(abs, growth))
    return (
        best
        if off[best] < 0.25 * total and off[best] < 0.9 * min(v for k, v in off.items() if k != best)
        else None
    )
