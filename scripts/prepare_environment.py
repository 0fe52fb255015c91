"""Make .venv with everything the project pins in requirements.lock; a second call does nothing.

Needs only the standard library, because it runs before anything is installed. May be interrupted anywhere: a stamp is
written last, and what has none is made again, since packages may be in it that look installed and are not. The stamp
lists every file, so that an environment that has lost some is made again too.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / ".prepared"
PIP = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input")
UV = (PYTHON, "-m", "uv", "pip")
LONGEST_INTERRUPTION = 10.0


class StepError(Exception):
    """A command failed; its text is what the command said."""


def fingerprint() -> str:
    """Return what the environment was made from: place, lock, project file and interpreter."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version}".encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files() -> set[str]:
    """Return the files of the environment, without those that Python writes as it goes."""
    found: set[str] = set()
    for folder, inside, names in os.walk(ENVIRONMENT):
        inside[:] = [name for name in inside if name != "__pycache__"]
        place = os.path.relpath(folder, ENVIRONMENT)
        found.update(f"{place}/{name}" for name in names if not name.endswith(".pyc"))
    return found


def is_whole() -> bool:
    """Tell whether every file that the stamp lists is there; says what is missing."""
    missing = set(STAMP.read_text(encoding="utf-8").splitlines()[1:]) - files()
    if missing:
        print(f"==> .venv has lost {len(missing)} files, such as {min(missing)}; it is made again", flush=True)
    return not missing


def run(step: str, *command: str | Path) -> None:
    """Run one command and show what it is for and how long it takes.

    Raises:
        StepError: it failed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        words = [str(part) for part in command]
        process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            watch(step, process)
        finally:
            stop(process)
        if process.returncode:
            raise StepError(tail(output))


def watch(step: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a process; a terminal sees the seconds go by, a pipe sees one line."""
    started = time.monotonic()
    if not sys.stdout.isatty():
        print(f"==> {step}", flush=True)
        process.wait()
        return
    while True:
        print(f"\r==> {step} … {time.monotonic() - started:.0f} s", end="", flush=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
            print(flush=True)
            return


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let no process live longer than the step it belongs to."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=LONGEST_INTERRUPTION)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(output: IO[str]) -> str:
    """Return the last lines that a command wrote."""
    output.seek(0)
    return "".join(output.readlines()[-30:])


def has_sound_environment() -> bool:
    """Tell whether .venv is there, whole, in its place and of this very Python."""
    script = ENVIRONMENT / "bin" / "pip"
    if not PYTHON.exists() or not script.exists() or str(PYTHON) not in script.read_text(encoding="utf-8"):
        return False
    asked = subprocess.run(
        [str(PYTHON), "-c", "import pip, sys; print(sys.version)"], capture_output=True, text=True, check=False
    )
    return asked.returncode == 0 and asked.stdout.strip() == sys.version.strip()


def make_environment() -> None:
    """Make the virtual environment with this interpreter."""
    try:
        run(
            f"Making .venv with Python {sys.version.split()[0]}",
            sys.executable,
            "-m",
            "venv",
            "--clear",
            ENVIRONMENT,
        )
    except StepError as error:
        raise SystemExit(
            f"{error}\nSetting up failed: this Python cannot make virtual environments. Install its venv module "
            "(on Debian and Ubuntu: apt install python3-venv), or name another Python with "
            "`make PYTHON=python3.12 …`."
        ) from None


def install_packages() -> None:
    """Install the pinned packages with uv, which is quick, or with pip where uv cannot.

    The lock names every package, so pip is to look for no others: before 23.3 it takes `name[extra]` in the needs of
    one for a requirement without a hash.
    """
    lock = LOCK.read_text(encoding="utf-8")
    count = len(re.findall(r"^\S+==", lock, re.MULTILINE))
    try:
        install_uv(lock)
        run(f"Installing {count} pinned packages", *UV, "sync", "--python", PYTHON, "--require-hashes", LOCK)
    except StepError as error:
        print(f"{error}==> uv could not do it, as said above; pip tries now", flush=True)
        pip = (*PIP, "install", "--require-hashes", "--no-deps", "-r", LOCK)
        run(f"Installing {count} pinned packages with pip", *pip)


def install_uv(lock: str) -> None:
    """Install the pinned uv alone."""
    pinned = re.search(r"^uv==.*?(?=^[^\s#]|\Z)", lock, re.MULTILINE | re.DOTALL)
    if not pinned:
        raise StepError("requirements.lock does not pin uv.\n")
    requirements = ENVIRONMENT / "uv.txt"
    requirements.write_text(pinned[0], encoding="utf-8")
    run("Installing the installer", *PIP, "install", "--require-hashes", "--no-deps", "-r", requirements)


def install_project() -> None:
    """Install the project itself, editable."""
    run("Installing the project", *PIP, "install", "--no-deps", "--no-build-isolation", "--editable", ".")


def main() -> None:
    """Bring .venv up to date.

    Raises:
        SystemExit: it cannot be done; the text says why.
    """
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever has an older one learns it here
        raise SystemExit(
            f"Python 3.10 or newer is needed, this is {sys.version.split()[0]}; "
            "name another one with `make PYTHON=python3.12 …`."
        )
    wanted = fingerprint()
    stamped = STAMP.read_text(encoding="utf-8").partition("\n")[0] if STAMP.exists() else None
    whole = stamped is not None and is_whole()
    if whole and stamped == wanted and PYTHON.exists():
        return
    STAMP.unlink(missing_ok=True)
    if not whole or not has_sound_environment():
        make_environment()
    try:
        install_packages()
        install_project()
    except StepError as error:
        raise SystemExit(
            f"{error}\nSetting up failed; the lines above say why. It can be tried again as it is."
        ) from None
    STAMP.write_text("\n".join([wanted, *sorted(files())]), encoding="utf-8")


if __name__ == "__main__":
    # A virtual environment of the caller's must not lead the tools astray.
    os.environ.pop("VIRTUAL_ENV", None)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        print("\nInterrupted; the next call goes on from here.", file=sys.stderr)
        raise SystemExit(130) from None
