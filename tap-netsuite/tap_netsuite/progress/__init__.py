"""What a run says of itself: to a person at a terminal, and to what reads logs."""
