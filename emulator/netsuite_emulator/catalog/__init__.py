"""The metadata catalog."""
