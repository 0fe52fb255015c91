"""The file cabinet."""
