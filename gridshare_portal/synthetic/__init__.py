"""Synthetic portfolios: many generated households, for demonstrations and benchmarks."""
