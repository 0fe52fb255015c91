"""tap-netsuite: a Singer tap for Oracle NetSuite."""
