"""What is open at a home, and what became of a case."""

from gridshare_portal.cases.models import Case


def open_cases(site):
    return {(case.cause, case.subject): case for case in Case.objects.filter(site=site, closed_at=None)}


def causes(site):
    return sorted(cause for cause, _subject in open_cases(site))


def actions(case):
    return list(case.notes.order_by("at", "pk").values_list("action", flat=True))
