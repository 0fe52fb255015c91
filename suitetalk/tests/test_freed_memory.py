"""What a page took is the system's again when the page is gone, whatever small things still lie between."""

import subprocess
import sys

import pytest

PAGES = """
import resource
from suitetalk.process import give_back_freed_memory

give_back_freed_memory()
kept = []
for size in (20_000_000, 400_000, 900_000):
    pages = []
    for _ in range(50_000_000 // size):
        pages.append(bytearray(size))
        kept.append(bytes(2000))
    del pages
with open("/proc/self/statm") as memory:
    print(int(memory.read().split()[1]) * resource.getpagesize())
"""


@pytest.mark.parametrize("system", ["linux"] if sys.platform == "linux" else [])
def test_freed_pages_take_no_memory(system: str) -> None:
    empty, used = (resident(program) for program in (PAGES.replace("50_000_000", "0"), PAGES))

    assert system == sys.platform
    assert used - empty < 10_000_000


def resident(program: str) -> int:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(done.stdout)
