"""A person whose second factor stands."""

from allauth.mfa.totp.internal import auth


def give_second_factor(user):
    auth.TOTP.activate(user, auth.generate_totp_secret())
