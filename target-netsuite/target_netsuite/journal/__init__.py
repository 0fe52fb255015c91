"""What a run remembers on disk, so that the next one neither loses nor repeats a write."""
