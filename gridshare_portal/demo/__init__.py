"""The demonstration: supervisor, one-click sign-in and the page of e-mails. Part of `make run` only."""
