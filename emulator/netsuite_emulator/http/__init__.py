"""The HTTP side: the server, the limit of requests at once, and the control end points."""
