"""A home portal on the Gridshare Customer API; docs/architecture.md says which package may import which."""

__version__ = "0.1.0"
