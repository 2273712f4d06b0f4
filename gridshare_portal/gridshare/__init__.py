"""The Gridshare Customer API as Python: one method per operation, frozen types, one tree of errors."""
