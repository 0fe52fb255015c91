"""Carrying out writes: by the hundred or one by one, until it is certain what became of each."""
