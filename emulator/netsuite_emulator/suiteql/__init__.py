"""SuiteQL: NetSuite's query language, checked, translated for DuckDB and answered as NetSuite answers."""
