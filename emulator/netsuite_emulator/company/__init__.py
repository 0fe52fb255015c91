"""The company of the account: what it consists of (description) and the rows it starts with (sample)."""
