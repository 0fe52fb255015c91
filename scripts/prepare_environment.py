"""Make .venv with everything the project pins in requirements.lock; a second call does nothing.

Needs only the standard library, because it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / ".prepared"


def fingerprint() -> str:
    """Return what the environment was made from: lock, project file and interpreter."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(step: str, *command: str | Path) -> None:
    """Run one command below a line that says what is happening; SystemExit when it fails."""
    print(f"==> {step}", flush=True)
    if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
        raise SystemExit(f"Setting up failed at: {step}. The lines above say why.")


def make_environment() -> None:
    """Make the virtual environment with this interpreter."""
    print(f"==> Making .venv with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=False)
    if made.returncode:
        raise SystemExit(
            "Setting up failed: this Python cannot make virtual environments; "
            "install its venv module (on Debian and Ubuntu: apt install python3-venv) and try again."
        )


def install() -> None:
    """Install the pinned packages, then the project itself, editable."""
    match = re.search(r"^uv==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if not match:
        raise SystemExit("Setting up failed: requirements.lock does not pin uv; run `make lock`.")
    uv = (PYTHON, "-m", "uv", "pip")
    run("Installing the installer", PYTHON, "-m", "pip", "install", "--quiet", f"uv=={match[1]}")
    run("Installing the pinned packages", *uv, "sync", "--python", PYTHON, "--require-hashes", LOCK)
    run(
        "Installing the project",
        *uv,
        "install",
        "--python",
        PYTHON,
        "--no-deps",
        "--no-build-isolation",
        "--editable",
        ".",
    )


def main() -> None:
    """Bring .venv up to date."""
    if sys.version_info < (3, 10):
        raise SystemExit(
            f"Python 3.10 or newer is needed, this is {sys.version.split()[0]}; "
            "name another one with `make PYTHON=python3.12 …`."
        )
    wanted = fingerprint()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    make_environment()
    install()
    STAMP.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
