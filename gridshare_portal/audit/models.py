"""The audit log: what was done, by whom, for which home. Events are only ever added.

An event holds ids and words and no foreign key, so that it outlives whatever it names. Who or what is deleted
becomes nameless in it, and it goes when it is old: `audit.forgetting` does both, and nothing else may.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from gridshare_portal.audit import names


class AlreadyWritten(Exception):
    """An event was to be changed or deleted."""


class _Added(models.QuerySet["Event"]):
    def update(self, **_values: object) -> int:
        raise AlreadyWritten

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AlreadyWritten


class Event(models.Model):
    """One line of the audit log; saving it again, updating and deleting raise AlreadyWritten."""

    at = models.DateTimeField()
    name = models.CharField(max_length=40, choices=names.Name.choices)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=254, blank=True, default="")
    site_id = models.CharField(max_length=255, blank=True, default="")
    device_id = models.CharField(max_length=255, blank=True, default="")
    subject_id = models.BigIntegerField(null=True)
    organization_id = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)

    objects = _Added.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["site_id", "-at"], name="audit_by_site"),
            models.Index(fields=["subject_id", "-at"], name="audit_by_subject"),
            models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
            models.Index(fields=["organization_id", "-at"], name="audit_by_organization"),
            models.Index(
                fields=["organization_id", "-at"],
                name="audit_tables_of_homes",
                condition=models.Q(name=names.Name.HOMES_EXPORTED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label or 'the portal'}: {self.get_name_display()}"

    def save(self, *args: Any, **options: Any) -> None:
        if self.pk is not None:
            raise AlreadyWritten
        super().save(*args, **options)

    def delete(self, *_args: object, **_options: object) -> tuple[int, dict[str, int]]:
        raise AlreadyWritten
