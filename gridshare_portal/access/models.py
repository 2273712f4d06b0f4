"""Consents, requests for them, visits by staff, and the search index of shared homes.

A consent rests on the connection of whoever gave it; policy.py says when it holds. Rows are kept when they
end, for the homeowner to read.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from gridshare_portal.access import durations
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites


class Right(models.TextChoices):
    VIEW = "view", "See"
    CONTROL = "control", "See and change"


class Consent(models.Model):
    """A homeowner lets an organization see one home, or see and change it, for a period."""

    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="consents")
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="consents")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    right = models.CharField(max_length=8, choices=Right.choices)
    ask_first = models.BooleanField("ask before every change", default=False)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ended_how = models.CharField(max_length=16, blank=True, default="")
    holds: bool  # as annotated by queries.consents_for

    class Meta:
        ordering = ["-from_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "organization", "given_by"],
                condition=models.Q(ended_at=None),
                name="access_one_open_consent",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "site", "ended_at"], name="access_by_organization"),
            models.Index(fields=["site", "-from_at"], name="access_by_site"),
        ]

    def __str__(self) -> str:
        return f"{self.organization} may {self.right} {self.site}"


class Request(models.Model):
    """A request by staff that a homeowner share a home, by e-mail address or serial number.

    It is stored whether or not anybody has that address or serial number, and tells staff only that it
    was sent, until a homeowner shares.
    """

    class Answer(models.TextChoices):
        OPEN = "", "Not answered"
        SHARED = "shared", "Shared"
        DECLINED = "declined", "Declined"

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    email = models.EmailField(blank=True, default="", db_index=True)
    serial_number = models.CharField(max_length=200, blank=True, default="", db_index=True)
    right = models.CharField(max_length=8, choices=Right.choices)
    lasts = models.CharField(max_length=8)
    message = models.CharField(max_length=1000, blank=True, default="")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True, default=Answer.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.organization} asks {self.email or self.serial_number}"

    @property
    def lasts_words(self) -> str:
        return durations.find(self.lasts).words


class RequestEmail(models.Model):
    """When an organization last e-mailed an address; it may do so once a day."""

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+")
    email = models.EmailField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "email"], name="access_one_letter_each")
        ]

    def __str__(self) -> str:
        return f"{self.organization} to {self.email}"


class Visit(models.Model):
    """A member of staff opened one home for a stated reason; a visit ends by itself."""

    site = models.ForeignKey(sites.Site, models.CASCADE, related_name="visits")
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="visits")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="visits")
    reason = models.CharField(max_length=16)
    words = models.CharField(max_length=500, blank=True, default="")
    opened_at = models.DateTimeField()
    until_at = models.DateTimeField()
    noted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-pk"]
        indexes = [models.Index(fields=["user", "site", "-opened_at"], name="access_visit_of_user")]

    def __str__(self) -> str:
        return f"{self.user} at {self.site}"


class Entry(models.Model):
    """One search key of a shared home; it is deleted with its consent.

    Keys are bytes, which every database orders alike, so that a prefix is a range.
    """

    class Kind(models.TextChoices):
        HOME = "home", "Home"
        NAME = "name", "Homeowner"
        EMAIL = "email", "E-mail"
        SITE = "site", "Home’s id"
        DEVICE = "device", "Device id"
        SERIAL = "serial", "Serial number"

    class Place(models.IntegerChoices):
        BEGINNING = 0, "words, from the first"
        ID = 1, "an id, from its beginning"
        END = 2, "an id, backwards from its end"
        WORD = 3, "one word"

    IDS = (Kind.SITE, Kind.DEVICE, Kind.SERIAL)

    consent = models.ForeignKey(Consent, models.CASCADE, related_name="entries", db_index=False)
    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    place = models.PositiveSmallIntegerField(choices=Place.choices)
    key = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "place", "key", "consent"], name="access_entry_by_key"),
            models.Index(fields=["consent", "place", "key"], name="access_entry_by_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.consent_id}"


class Word(models.Model):
    """A word of an organization's homes, by its endings and by its spellings with one letter left out."""

    class How(models.IntegerChoices):
        INSIDE = 0, "an ending of the word"
        SLIP = 1, "the word without one letter"

    organization = models.ForeignKey(accounts.Organization, models.CASCADE, related_name="+", db_index=False)
    how = models.PositiveSmallIntegerField(choices=How.choices)
    key = models.BinaryField()
    word = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "how", "key", "word"], name="access_word_once")
        ]

    def __str__(self) -> str:
        return self.word
