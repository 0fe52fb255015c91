"""From one record after another to many at once: which may go, which have to wait, and how far all is settled."""
