"""The pages of one home, a module per subject."""
