"""What the programs write down while they run: a JSON object a line, joined by a request's id, no secrets."""
