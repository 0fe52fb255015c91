"""The pytest fixtures of the emulator."""
