"""Overlay plans of one command, as tests ask for them."""

from gridshare_portal.gridshare import types


def one_command(action, start, end, power_limit_w=None):
    command = types.Command(start=start, end=end, action=action, power_limit_w=power_limit_w)
    return types.Plan(commands=(command,))


def charge_now(*, now, lasting, power_limit_w=None):
    """Charge from this minute on for so long."""
    start = now.replace(second=0, microsecond=0)
    return one_command("charge", start, start + lasting, power_limit_w)


def hold_until(*, now, until):
    """Neither charge nor discharge from this minute on until then."""
    return one_command("hold", now.replace(second=0, microsecond=0), until)
