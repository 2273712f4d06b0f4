"""Fetch readings, several calls at a time, and tell final refusals from failures that may pass.

A sensor that the API refuses has no answer, which says nothing about its readings; one that could not be
read just now has failed. When every call of a batch was refused the fault is not the sensor's, and all have
failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from gridshare_portal.gridshare import client as gridshare
from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.sites import clients
from gridshare_portal.telemetry import days, missing
from gridshare_portal.telemetry.meaning import told, translation

REFUSED = (
    errors.NotFound,
    errors.Unprocessable,
    errors.Malformed,
    errors.BadId,
    errors.Forbidden,
    errors.WrongRoute,
)


@dataclass(frozen=True, kw_only=True)
class FetchResult:
    """What a batch brought: answers to keep, refusals by the sensor's key, and failures to try again."""

    answers: tuple[days.FetchedReadings, ...]
    refused: Mapping[int, Exception]
    failed: tuple[Exception, ...]


def fetch(
    client: gridshare.Client,
    ids: Mapping[int, str],
    windows: Sequence[missing.Window],
    told_by: Callable[[int], told.Told] = lambda sensor: told.USUAL,
) -> FetchResult:
    """Make one call per sensor; raise what is no GridshareError, such as a closed access path.

    The readings are as they came; `told_by` says how a sensor tells them, by its key.
    """
    read = client.get_device_telemetry
    stretches = [(ids[one.sensor], *translation.asked(one, told_by(one.sensor))) for one in windows]
    calls = [partial(read, synth_id, start=start, end=end) for synth_id, start, end in stretches]
    outcomes = parallel.gather(calls, at_most=settings.GRIDSHARE_PARALLEL)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, errors.GridshareError):
            raise outcome
    some_answered = any(not isinstance(outcome, Exception) for outcome in outcomes)
    answers, failed = [], []
    refused: dict[int, Exception] = {}
    for one, outcome in zip(windows, outcomes, strict=True):
        if not isinstance(outcome, Exception):
            answers.append(days.FetchedReadings(window=one, readings=outcome))
        elif some_answered and isinstance(outcome, REFUSED):
            refused[one.sensor] = outcome
        else:
            failed.append(outcome)
    return FetchResult(answers=tuple(answers), refused=refused, failed=tuple(failed))


def words(failures: Sequence[Exception]) -> str:
    """Return what failed as words for a page to translate: "forbidden, timeout"."""
    return ", ".join(dict.fromkeys(map(clients.word_for, failures)))[:200]
