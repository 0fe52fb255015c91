"""Deleting in NetSuite what a stream no longer brings."""
