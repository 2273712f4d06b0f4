"""The pages of a portfolio, one module per subject."""
