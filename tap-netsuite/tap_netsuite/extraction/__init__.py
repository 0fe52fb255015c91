"""Reading all rows of a table, query or record type, and proving that none is missing."""
