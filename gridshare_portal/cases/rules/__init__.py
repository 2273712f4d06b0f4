"""The rules of a home's health, one module per subject; each is pure and yields findings."""
