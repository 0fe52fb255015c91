"""Fixtures of the tap's tests."""
