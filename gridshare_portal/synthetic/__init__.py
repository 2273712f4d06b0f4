"""Practice homes: many made-up households, to look at and to measure how the portal does with many."""
