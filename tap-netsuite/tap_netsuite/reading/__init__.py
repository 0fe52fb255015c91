"""From a stream's source in NetSuite to rows in order, with proof that none is missing."""
