"""The record service [chapter_1540811112]: reading, listing and writing records and what they consist of."""
