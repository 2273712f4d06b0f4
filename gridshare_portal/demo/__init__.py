"""What exists only in a demonstration: the supervisor, one-click sign-in and the mail page."""
