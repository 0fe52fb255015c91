"""The demo: NetSuite data arrive in PostgreSQL, changes follow, and rows travel back, all on this machine."""
