"""The HTTP side: server, governance, faults, and the control end points."""
