"""How fast the tap reads, next to two other readers, on the emulator with declared latency and limit."""
