def macro_statements(calendar): return []
