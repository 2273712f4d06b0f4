"""Calls to other programs: HTTP with one deadline a call, and circuit breakers. No Django."""
