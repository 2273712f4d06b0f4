"""The closed list of what can happen. A page that shows the record has a sentence for each."""

from __future__ import annotations

from django.db import models


class Name(models.TextChoices):
    """What an event says was done."""

    SIGNED_UP = "signed_up", "joined the portal"
    SIGNED_IN = "signed_in", "signed in"
    SIGNED_OUT = "signed_out", "signed out"
    USER_DELETED = "user_deleted", "deleted the account"
    SIGN_IN_FAILED = "sign_in_failed", "could not sign in"
    CONNECTED = "connected", "connected a Lunar account"
    RECONNECTED = "reconnected", "connected the Lunar account again"
    CONNECTION_ENDED = "connection_ended", "Lunar ended the connection"
    CONNECTION_REFUSED = "connection_refused", "was refused: the Lunar account belongs to another person"
    DISCONNECTED = "disconnected", "disconnected the Lunar account"
    REFRESH_PAUSED = "refresh_paused", "asking Lunar for access is paused"
    SITE_RENAMED = "site_renamed", "changed the home's name or time zone"
    ROLE_CORRECTED = "role_corrected", "corrected what a sensor measures"
    CHANGE_ASKED = "change_asked", "asked for a change"
    CHANGE_SETTLED = "change_settled", "a change was settled"
    CHANGE_REFUSED = "change_refused", "was not permitted to make a change"
