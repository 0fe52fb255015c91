"""Files that nobody else may read."""

import os
import stat
from pathlib import Path

import pytest

from suitetalk.folders import open_privately


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("existed", [True, False])
def test_a_file_is_for_its_owner_alone(tmp_path: Path, *, existed: bool) -> None:
    path = tmp_path / "rejects.jsonl"
    if existed:
        path.write_text("before\n")
        path.chmod(0o644)

    file = open_privately(path)
    os.write(file, b"after\n")
    os.close(file)

    assert mode_of(path) == 0o600
    assert path.read_text() == ("before\nafter\n" if existed else "after\n")


@pytest.mark.parametrize("existed", [True, False])
def test_a_link_is_not_followed(tmp_path: Path, *, existed: bool) -> None:
    elsewhere = tmp_path / "elsewhere"
    if existed:
        elsewhere.write_text("kept")
    (tmp_path / "link").symlink_to(elsewhere)

    with pytest.raises(OSError, match="it is a link"):
        open_privately(tmp_path / "link")

    assert elsewhere.exists() is existed
    if existed:
        assert elsewhere.read_text() == "kept"


def test_a_device_is_opened_as_it_is() -> None:
    before = mode_of(Path("/dev/null"))

    os.close(open_privately(Path("/dev/null")))

    assert mode_of(Path("/dev/null")) == before


def test_a_pipe_is_opened_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o644)

    file = open_privately(tmp_path / "pipe")
    os.write(file, b"x")

    assert os.read(file, 1) == b"x"
    assert mode_of(tmp_path / "pipe") == 0o644
    os.close(file)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_a_descriptor_is_shared_with_its_place(tmp_path: Path, name: str) -> None:
    with (tmp_path / "out").open("wb", buffering=0) as out:
        out.write(b"one\n")
        file = open_privately(Path(name.format(out.fileno())))
        os.write(file, b"two\n")
        os.close(file)
        out.write(b"three\n")

    assert (tmp_path / "out").read_text() == "one\ntwo\nthree\n"
