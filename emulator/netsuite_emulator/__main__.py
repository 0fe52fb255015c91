"""The command `netsuite-emulator`."""

from netsuite_emulator.command import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
