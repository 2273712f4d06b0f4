"""Faults of readings: what a service tells of a home that is late, revised, wrong or spelled otherwise.

The simulated home is never changed by them, so `World.truth` stays what it was.
"""
