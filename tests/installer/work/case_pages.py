"""The page of a case, and the forms on it."""

from django.urls import reverse


def address(person, case, name="case"):
    return reverse(f"installer:{name}", args=[person.organization.slug, case.pk])


def do(person, case, name, **said):
    return person.post(address(person, case, f"case_{name}"), said)
