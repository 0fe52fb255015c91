"""What a run says of its records: in the log, in files, and to a person at a terminal."""
