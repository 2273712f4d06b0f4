"""The mode Simple as a form asks for it, and what the record says of changes."""

from gridshare_portal.audit import queries as record
from gridshare_portal.control import operations


def plain_mode():
    return operations.AskMode(mode="Simple").wanted


def events(site):
    return [(event.name, event.details.get("outcome")) for event in record.events_of_site(site.synth_id)][
        ::-1
    ]
