"""What a command shows at a terminal while it runs, and at its end."""
