"""What is kept, for how long, from which moment on, and why: one table for the sweep and for the page.

Pure. Every table of the database stands in exactly one rule; a test walks all of them. A rule with a length
is kept by a sweep; one without ends with what its sentence names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEAR = 365 * DAY
RECORD = 2 * YEAR


class DataClass(StrEnum):
    """A class of data, the most delicate first."""

    SECRETS = "Keys and sign-ins"
    CHANGES = "Plans, changes and help"
    READINGS = "Your home and its readings"
    PEOPLE = "Who you are"
    RECORD = "The record of who did what"
    OPERATION = "What keeps this portal running"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of rows: `lasting` after the moment that `since` names; without `lasting`, until `since`.

    `models` are the tables that this rule alone speaks for; a rule without any narrows another one's.
    `done_by` names what else deletes, where that is not the sweep.
    """

    name: str
    data_class: DataClass
    what: str
    lasting: timedelta | None = None
    since: str
    why: str
    models: tuple[str, ...] = ()
    done_by: str = ""

    @property
    def how_long(self) -> str:
        """Return the length in words for the page, "" where there is none."""
        return "" if self.lasting is None else words(self.lasting)


def words(lasting: timedelta) -> str:
    """Say a length in the largest unit that fits: "2 years", "30 days", "1 hour", "15 minutes"."""
    for unit, name in ((YEAR, "year"), (DAY, "day"), (HOUR, "hour"), (timedelta(minutes=1), "minute")):
        count, rest = divmod(lasting, unit)
        if count and not rest:
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise ValueError("A rule lasts whole minutes.")


C = DataClass
RULES = (
    Rule(
        name="connection",
        data_class=C.SECRETS,
        what="Your connection to Lunar: which account, and what you allowed",
        lasting=30 * DAY,
        since="after you disconnect; the keys themselves are deleted at once",
        why="You can come back and find everything as it was.",
        models=("lunar.Connection", "socialaccount.SocialAccount", "socialaccount.SocialToken"),
    ),
    Rule(
        name="ended connection",
        data_class=C.SECRETS,
        what="A connection that Lunar ended and nobody renewed",
        lasting=YEAR,
        since="after Lunar ended it; then we disconnect it",
        why="You may have been away, and your readings wait for you.",
    ),
    Rule(
        name="pending tokens",
        data_class=C.SECRETS,
        what="Keys that Lunar sent and nobody fetched",
        lasting=timedelta(minutes=15),
        since="after they came",
        why="You are still on your way through the sign-in.",
        models=("lunar.Pending",),
        done_by="lunar.tokens.pending",
    ),
    Rule(
        name="revocation",
        data_class=C.SECRETS,
        what="Keys that we are telling Lunar to end",
        lasting=24 * HOUR,
        since="after you disconnect, at most: until Lunar has heard it",
        why="Lunar may not answer at once.",
        models=("lunar.Revocation",),
        done_by="lunar.tokens.revocations",
    ),
    Rule(
        name="second factor",
        data_class=C.SECRETS,
        what="Passkeys, authenticator apps and recovery codes",
        since="until you remove them",
        why="You sign in with them.",
        models=("mfa.Authenticator",),
    ),
    Rule(
        name="session",
        data_class=C.SECRETS,
        what="Where you are signed in: browser, network address, since when",
        since="until you sign out there, or the sign-in ends by itself",
        why="You stay signed in, and can end a sign-in that is not yours.",
        models=("sessions.Session", "usersessions.UserSession"),
        done_by="sweep",
    ),
    Rule(
        name="change",
        data_class=C.CHANGES,
        what="What was changed in your home: asked by whom, what was before, what became of it",
        lasting=RECORD,
        since="after it was settled; the last one of each device stays as long as the home",
        why="You can see who set what your battery does.",
        models=("control.Change",),
    ),
    Rule(
        name="proposal",
        data_class=C.CHANGES,
        what="Changes that somebody proposed to you, and your answer",
        lasting=RECORD,
        since="after you answered or it lapsed",
        why="Both sides can look up what was agreed.",
        models=("control.Proposal",),
    ),
    Rule(
        name="run",
        data_class=C.CHANGES,
        what="Changes that a retailer made in many homes at once, with a line for each home",
        lasting=RECORD,
        since="after the last home had its turn",
        why="The retailer must be able to say what it did.",
        models=("runs.Run", "runs.Line", "runs.TargetSelection"),
    ),
    Rule(
        name="draft of a run",
        data_class=C.CHANGES,
        what="The same, prepared and never started",
        lasting=90 * DAY,
        since="after it was prepared",
        why="Nobody is waiting for it any more.",
    ),
    Rule(
        name="rejected line",
        data_class=C.CHANGES,
        what="Lines of a retailer’s own file that named no home it may change",
        lasting=90 * DAY,
        since="after the file was read",
        why="The retailer can mend its file.",
        models=("runs.RejectedRow",),
    ),
    Rule(
        name="case",
        data_class=C.CHANGES,
        what="What needed help at your home, and what whoever helped wrote about it",
        lasting=RECORD,
        since="after it was resolved",
        why="A fault that comes back is understood sooner.",
        models=("cases.Case", "cases.Note"),
    ),
    Rule(
        name="case of an unshared home",
        data_class=C.CHANGES,
        what="The same, at a company you no longer share the home with",
        lasting=90 * DAY,
        since="after you stopped sharing",
        why="A bill or a warranty claim may still be open.",
    ),
    Rule(
        name="home",
        data_class=C.READINGS,
        what="Your home: its name, devices and sensors, and everything that was read of them",
        lasting=30 * DAY,
        since="after the last connection to it ended, unless you have it deleted at once",
        why="You can come back and find everything as it was.",
        models=(
            "sites.Site",
            "sites.ConnectionSite",
            "sites.Device",
            "sites.Sensor",
            "sites.Sync",
            "sites.Call",
            "telemetry.Latest",
            "telemetry.Collection",
            "telemetry.Meaning",
            "control.State",
            "cases.Examination",
        ),
    ),
    Rule(
        name="readings",
        data_class=C.READINGS,
        what="Readings of a day, and what Lunar changed of them later, while the home is connected",
        lasting=5 * YEAR,
        since="after the day",
        why="You can compare years.",
        models=("telemetry.Day", "telemetry.SiteDay", "telemetry.Revision"),
    ),
    Rule(
        name="raw answer",
        data_class=C.READINGS,
        what="An answer of Lunar’s, as whoever helps you asked for it",
        lasting=HOUR,
        since="after it was asked for",
        why="Somebody looks at it right now.",
        models=("sites.RawResponse",),
    ),
    Rule(
        name="shared view",
        data_class=C.READINGS,
        what="Your home in a company’s list and search, with what it told last",
        since="until you stop sharing; within minutes then",
        why="The list is quick however many homes it has.",
        models=("portfolio.SiteRow", "access.Entry", "access.Word"),
    ),
    Rule(
        name="group",
        data_class=C.READINGS,
        what="That a company put your home into a group",
        lasting=30 * DAY,
        since="after you stopped sharing",
        why="You may share it again.",
        models=("portfolio.GroupSite",),
    ),
    Rule(
        name="sums",
        data_class=C.READINGS,
        what="The energy of a day over many homes together; no single home can be seen in it",
        lasting=5 * YEAR,
        since="after the day",
        why="A retailer compares years.",
        models=("portfolio.PortfolioDay", "portfolio.HomesAggregate"),
    ),
    Rule(
        name="account",
        data_class=C.PEOPLE,
        what="Your account: e-mail addresses and name",
        since="until you delete it",
        why="You sign in with it, and we write to you.",
        models=(
            "accounts.User",
            "accounts.User_groups",
            "accounts.User_user_permissions",
            "account.EmailAddress",
            "account.EmailConfirmation",
        ),
    ),
    Rule(
        name="unproven account",
        data_class=C.PEOPLE,
        what="An account whose e-mail address nobody ever proved",
        lasting=30 * DAY,
        since="after somebody typed the address",
        why="The code may come late.",
    ),
    Rule(
        name="membership",
        data_class=C.PEOPLE,
        what="That you work for a company here, with your letters and saved lists",
        since="until you leave it",
        why="You see what it may see.",
        models=("accounts.Membership", "cases.Digest", "reports.Subscription", "portfolio.SavedView"),
        done_by="sweep",
    ),
    Rule(
        name="invitation",
        data_class=C.PEOPLE,
        what="An invitation to work for a company: the e-mail address it went to",
        lasting=30 * DAY,
        since="after it was used, withdrawn, or ended by itself",
        why="The company sees whom it invited.",
        models=("accounts.Invitation",),
    ),
    Rule(
        name="request",
        data_class=C.PEOPLE,
        what="A company’s question whether you share your home: the address or serial number it typed",
        lasting=30 * DAY,
        since="after you answered, or it ended by itself",
        why="The company sees what it asked. It is not told whether you have an account.",
        models=("access.Request",),
    ),
    Rule(
        name="letter",
        data_class=C.PEOPLE,
        what="When a company last had us write to you; never what was in a letter",
        lasting=30 * DAY,
        since="after the letter",
        why="It may not write too often.",
        models=("access.RequestEmail", "portfolio.Reminder"),
    ),
    Rule(
        name="event",
        data_class=C.RECORD,
        what="Who did what and when: sign-ins, looks into a home and why, changes, downloads",
        lasting=RECORD,
        since="after it was done",
        why="You can read who looked, and so can whoever has to answer for it.",
        models=("audit.Event",),
    ),
    Rule(
        name="consent",
        data_class=C.RECORD,
        what="With whom you shared your home, how far and for how long",
        lasting=RECORD,
        since="after it ended",
        why="You can prove what you allowed.",
        models=("access.Consent",),
    ),
    Rule(
        name="visit",
        data_class=C.RECORD,
        what="Why somebody opened your home",
        lasting=RECORD,
        since="after they left",
        why="You can read it beside what they looked at.",
        models=("access.Visit",),
    ),
    Rule(
        name="operator's action",
        data_class=C.RECORD,
        what="What the operators of this portal changed by hand",
        lasting=RECORD,
        since="after it was done",
        why="They have to answer for it.",
        models=("admin.LogEntry",),
    ),
    Rule(
        name="counter",
        data_class=C.OPERATION,
        what="Counters that stop somebody from guessing codes",
        since="until their minutes or hours are over",
        why="They protect your account.",
        models=("accounts.CacheEntry",),
        done_by="sweep",
    ),
    Rule(
        name="company",
        data_class=C.OPERATION,
        what="Companies that help here, their groups of homes and their invitations to all",
        since="as long as they work with us",
        why="You can choose whom to share with. Who opened an invitation is only counted.",
        models=(
            "accounts.Organization",
            "portfolio.Group",
            "campaigns.Campaign",
            "campaigns.CampaignWeek",
        ),
    ),
    Rule(
        name="machinery",
        data_class=C.OPERATION,
        what="Rights, queues and counts that are about nobody",
        since="as long as they are needed",
        why="Nothing works without them.",
        models=(
            "auth.Group",
            "auth.Group_permissions",
            "auth.Permission",
            "cases.OpenCases",
            "contenttypes.ContentType",
            "lunar.Outage",
            "portfolio.ProjectionPass",
            "runs.DispatchSlot",
            "runs.RateLimit",
            "socialaccount.SocialApp",
        ),
    ),
)
BY_NAME = {rule.name: rule for rule in RULES}


def of_class(data_class: DataClass) -> tuple[Rule, ...]:
    """Return the rules of one class, in the order of the table."""
    return tuple(rule for rule in RULES if rule.data_class == data_class)


def length(name: str) -> timedelta:
    """Return how long the rule of this name keeps its rows; KeyError where it has no length."""
    lasting = BY_NAME[name].lasting
    if lasting is None:
        raise KeyError(name)
    return lasting
