"""A local NetSuite to test against."""
