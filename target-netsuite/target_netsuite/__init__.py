"""target-netsuite: a Singer target that writes records to Oracle NetSuite."""
