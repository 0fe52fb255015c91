"""How deletions in NetSuite come to be known, and how they are passed on."""
