"""The pages of support staff, one module per subject."""
