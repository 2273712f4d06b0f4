"""The table of what each role of an organization may do."""

from __future__ import annotations

from dataclasses import dataclass

from gridshare_portal.accounts.models import Role

ALL = frozenset(Role.values)
WORKING = frozenset({Role.OPERATOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Right:
    """Something that can be done, as a title for people, and the roles that may."""

    id: str
    title: str
    roles: frozenset[str]


SEE = Right(
    id="see", title="See the homes that were shared, for a reason that the homeowner reads", roles=ALL
)
EXPORT = Right(id="export", title="Download a home’s readings and its case file", roles=ALL)
WORK = Right(id="work", title="Take on, note, snooze and close what needs help", roles=WORKING)
ASK = Right(id="ask", title="Ask a homeowner to share a home", roles=WORKING)
PROPOSE = Right(id="propose", title="Propose a change, for the homeowner to approve", roles=WORKING)
CONTROL = Right(id="control", title="Make a change, where the homeowner allowed control", roles=WORKING)
RUN = Right(id="run", title="Start, pause and stop bulk runs", roles=ADMINS)
RECORD = Right(id="record", title="Read what was done in the organization’s name", roles=ADMINS)
MEMBERS = Right(id="members", title="Invite and remove people, and give roles", roles=ADMINS)
RIGHTS = (SEE, EXPORT, WORK, ASK, PROPOSE, CONTROL, RUN, RECORD, MEMBERS)


def may(role: str, right: Right) -> bool:
    """Return whether a member with this role has the right; an unknown role has none."""
    return role in right.roles
