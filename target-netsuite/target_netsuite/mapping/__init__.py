"""From the rows of a stream to what they ask of NetSuite."""
