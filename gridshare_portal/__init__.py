"""A home portal on the Gridshare Customer API.

Each folder here is a room; docs/architecture.md says who may lean on whom.
"""
