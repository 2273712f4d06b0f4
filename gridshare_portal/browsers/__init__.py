"""What browsers are given and told: cookies, the secret of forms, headers."""
