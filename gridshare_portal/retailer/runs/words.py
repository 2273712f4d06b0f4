"""Say in plain words how a bulk run stands and what became of each home: never more than the ledger says.

Pure but for the rows it is handed. Unconfirmed is not failed, and only what was never sent or never took may
be sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gridshare_portal.control.plans import fields, rules
from gridshare_portal.runs import models as runs
from gridshare_portal.runs import queries as run_queries
from gridshare_portal.runs.checks import eligibility
from gridshare_portal.runs.models import Line, Run
from gridshare_portal.templatetags import energy

S, R = Line.State, Run.State
QUIET_AFTER = timedelta(minutes=2)
ACTIONS = dict(fields.ACTIONS)
LIVE = (R.READING, R.DRAFT, R.RUNNING, R.STOPPING)


@dataclass(frozen=True)
class LineOutcome:
    """What a line's state is called and means, with the look and the glyph of its sign."""

    look: str
    glyph: str
    title: str
    meaning: str


OUTCOMES = {
    S.UNCHECKED: LineOutcome("info", "wait", "Not checked yet", "Its turn comes."),
    S.WAITING: LineOutcome("info", "wait", "Waiting", "Nothing was sent yet."),
    S.TAKEN: LineOutcome("info", "wait", "On its way", "Has its turn now."),
    S.CONFIRMED: LineOutcome("good", "good", "Confirmed", "The device reported what was asked for."),
    S.UNCONFIRMED: LineOutcome(
        "attention",
        "wait",
        "Not confirmed",
        "Sent, but the device has not shown it. We look again for a while and never send it twice.",
    ),
    S.OVERTAKEN: LineOutcome(
        "info", "closed", "Overtaken", "A later change took its place before the device had confirmed it."
    ),
    S.CONTRADICTED: LineOutcome(
        "bad", "bad", "Says otherwise", "Sent, but the device went on reporting something else."
    ),
    S.REFUSED: LineOutcome(
        "attention", "attention", "Refused", "Not allowed at its turn, or Lunar said no. Nothing was changed."
    ),
    S.FAILED: LineOutcome(
        "attention", "attention", "Failed", "It was not sent, or did not take. It is safe to try again."
    ),
    S.SKIPPED: LineOutcome("info", "closed", "Skipped", "Does not take part."),
}
READY = LineOutcome("info", "info", "Ready", "Takes part once the run starts.")
IN_ORDER = (
    S.CONFIRMED, S.UNCONFIRMED, S.OVERTAKEN, S.CONTRADICTED, S.REFUSED, S.FAILED,
    S.TAKEN, S.WAITING, S.UNCHECKED, S.SKIPPED,
)  # fmt: skip
STATES = {
    R.READING: ("info", "wait", "Finding the homes"),
    R.VOID: ("attention", "closed", "Came to nothing"),
    R.DRAFT: ("info", "wait", "Being checked"),
    R.CHECKED: ("info", "info", "Checked, not started"),
    R.RUNNING: ("info", "wait", "Running"),
    R.PAUSED: ("attention", "attention", "Paused"),
    R.STOPPING: ("attention", "wait", "Stopping"),
    R.STOPPED: ("attention", "closed", "Stopped"),
    R.DONE: ("good", "good", "Done"),
}
SCHEDULED = ("info", "wait", "Scheduled")


def outcome(state: str, run: Run) -> LineOutcome:
    """Return what a line's state means in its run: what waits is ready as long as the run was not started."""
    return READY if state == S.WAITING and not run.started_at else OUTCOMES[S(state)]


def counts(run: Run, line_counts: run_queries.LineCounts) -> list[tuple[str, LineOutcome, int]]:
    """Return the outcomes that there are, in their order on pages: state, outcome, and how many homes."""
    present = ((state, line_counts.states.get(state, 0)) for state in IN_ORDER)
    return [(state.value, outcome(state, run), count) for state, count in present if count]


def reasons(line_counts: run_queries.LineCounts) -> list[tuple[str, str, int]]:
    """Return why homes are skipped: the word, its title, and how many, the most first."""
    found = [(why, reason(why), count) for why, count in line_counts.skipped.items()]
    return sorted(found, key=lambda one: (-one[2], one[1]))


def reason(why: str) -> str:
    """Return what a reason is called; nothing for none."""
    return eligibility.REASONS.get(why, "Another reason") if why else ""


def state_of(run: Run) -> LineOutcome:
    """Return how a run stands; one that waits for its moment says so."""
    is_scheduled = run.state == R.CHECKED and run.start_at
    return LineOutcome(*(SCHEDULED if is_scheduled else STATES[R(run.state)]), run.sentence)


def taking_part(line_counts: run_queries.LineCounts) -> int:
    """Return how many homes could take part, also those that a stop kept from having their turn."""
    return line_counts.homes - line_counts.states.get(S.SKIPPED, 0) + line_counts.skipped.get("stopped", 0)


def found_so_far(run: Run, choice: runs.TargetSelection | None) -> str:
    """Say how far the finding of a run's homes has come."""
    if choice is not None and choice.way == runs.TargetSelection.Way.FILE:
        rows = f"{choice.read:,} of {choice.lines:,} rows"
        return f"Reading the file: {rows}. {_homes(run.homes)} found so far."
    return f"Finding the homes: {run.homes:,} so far."


def summary(run: Run, line_counts: run_queries.LineCounts) -> str:
    """Say in a sentence or two how far a run has come."""
    if run.state == R.VOID:
        kept = "" if run.cancel_of_id else " What you asked for is kept: choose other homes for it."
        return f"Nothing was sent.{kept}"
    if run.state == R.DRAFT:
        checked = line_counts.homes - line_counts.states.get(S.UNCHECKED, 0)
        return f"{checked:,} of {_homes(line_counts.homes)} checked. Nothing is sent by checking."
    if run.state == R.CHECKED:
        ready = line_counts.states.get(S.WAITING, 0)
        return f"{_homes(ready)} of {line_counts.homes:,} can take part. Nothing was sent."
    confirmed = line_counts.states.get(S.CONFIRMED, 0)
    said = f"{confirmed:,} of {_homes(taking_part(line_counts))} confirmed."
    unknown = line_counts.states.get(S.UNCONFIRMED, 0)
    if unknown:
        said += f" Of {unknown:,} nobody knows yet; they are looked at again, and never sent twice."
    if line_counts.left:
        said += f" {line_counts.left:,} still to come."
    if line_counts.skipped.get("stopped"):
        said += f" {line_counts.skipped['stopped']:,} were left alone when the run stopped."
    return said


def quiet(run: Run, line_counts: run_queries.LineCounts, *, last_at: datetime | None, now: datetime) -> str:
    """Say that nothing moves where something should; `last_at` is when a run last had a turn."""
    since = max((at for at in (last_at, run.checked_at, run.started_at, run.made_at) if at), default=now)
    waits = run.state in (R.READING, R.DRAFT) or run.state == R.RUNNING and line_counts.left
    if not waits or now - since < QUIET_AFTER:
        return ""
    idle = {R.READING: "No home was looked up", R.DRAFT: "No home was checked"}
    what = idle.get(R(run.state), "Nothing was sent")
    return (
        f"{what} for {energy.duration((now - since).total_seconds())}. "
        "The part of the portal that works in the background seems to be away. "
        "Nothing is lost or sent twice: the run goes on by itself when it is back."
    )


def terms(run: Run) -> list[str]:
    """Say what a run asks for, a line per row of a plan."""
    if run.cancel_of_id:
        return ["Puts back what was there before, where the plan is still the one that the run set."]
    if run.kind == Run.Kind.MODE:
        return [f"Mode {run.asked.get('mode', energy.UNKNOWN)}"]
    return [_row(row) for row in run.asked.get("commands", ())]


def _row(row: rules.KeptCommand) -> str:
    start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    power_w = row["power_limit_w"]
    limit = f", at most {energy.power(power_w)}" if power_w is not None else ""
    utc = " UTC" if start.tzinfo else ", each home’s own time"
    start, end = (at.astimezone(UTC) if at.tzinfo else at for at in (start, end))
    end_shown = f"{end:%H:%M}" if start.date() == end.date() else _shown(end)
    return f"{ACTIONS.get(row['action'], row['action'])} {_shown(start)} to {end_shown}{utc}{limit}"


def _shown(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


def _homes(count: int) -> str:
    return f"{count:,} home{'' if count == 1 else 's'}"
