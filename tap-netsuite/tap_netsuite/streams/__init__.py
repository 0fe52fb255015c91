"""The tap's streams: SuiteQL tables, queries of the user's own, saved datasets, and whole records."""
