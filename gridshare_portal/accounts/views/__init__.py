"""The pages of an organization, a module per subject."""
