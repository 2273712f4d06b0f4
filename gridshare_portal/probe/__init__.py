"""What a Gridshare service really does, learned by reading from it; nothing that a person wrote is kept."""
