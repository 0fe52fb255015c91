"""The account's rows, in DuckDB."""
