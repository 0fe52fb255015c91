"""Sending the records of a file of rejects again."""
