"""The command `suitetalk`: a thin skin over the library, for a terminal and for scripts."""
