"""The pretended homes as tests ask them."""

from datetime import UTC, datetime, timedelta

from gridshare_portal.sandbox.simulation.clock import Clock
from gridshare_portal.sandbox.simulation.world import World

NOW = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)


def new_world(seed=1, now=NOW, **stored):
    return World(homes_count=6, seed=seed, clock=Clock(now, ticking=False), **stored)


def device(world, name="ada"):
    return world.customer(name).homes[0].device_with("battery")


def told(world, meaning, start, end, *, name="ada", minutes=15, now=None):
    home = world.customer(name).homes[0]
    sensor = next(sensor for sensor in home.sensors if sensor.meaning == meaning)
    step = timedelta(minutes=minutes)
    return world.buckets(sensor, start=start, end=end, step=step, now=now or world.clock.now())
