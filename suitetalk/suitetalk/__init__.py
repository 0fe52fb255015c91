"""A client for NetSuite's SuiteTalk REST web services."""
