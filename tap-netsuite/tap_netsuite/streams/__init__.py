"""The tap's streams: SuiteQL tables, queries of the user's, saved datasets, and whole records."""
