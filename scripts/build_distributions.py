"""Build what is published into dist/: the package itself, and a thin one for each plugin under the plugin's name.

The thin ones hold a command and a dependency on the very version they were built with, so that people who look for
tap-netsuite or target-netsuite find it. They are made here, from pyproject.toml, and stand nowhere else. `make dist`
runs this and checks what comes out; nothing is uploaded.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
THIN = {
    "tap-netsuite": "A Singer tap for Oracle NetSuite: tables, records, queries and datasets, counted and proven",
    "target-netsuite": "A Singer target for Oracle NetSuite: writes records back in bulk, nothing twice",
}
_SHARED = ("authors", "classifiers", "keywords", "license", "license-files", "requires-python", "urls", "version")
_NO_CODE = "W007,W008"
"""What check-wheel-contents calls a wheel without files, which the thin ones are meant to be."""


def thin_project(name: str, package: Mapping[str, Any]) -> str:
    """Return the pyproject.toml of a thin distribution.

    Args:
        name: the plugin's name, which is also its command.
        package: the table `project` of the package it leads to.
    """
    module = name.replace("-", "_")
    project = {key: package[key] for key in _SHARED if key in package}
    project |= {
        "name": name,
        "description": THIN[name],
        "readme": "README.md",
        "dependencies": [f"{package['name']}=={package['version']}"],
        # Repeated here, because uvx and pipx run no commands of dependencies.
        "scripts": {name: f"{module}.__main__:main"},
    }
    tables = {
        "project": project,
        "build-system": {"requires": ["hatchling>=1.27"], "build-backend": "hatchling.build"},
        "tool.hatch.build.targets.wheel": {"bypass-selection": True},
    }
    return "\n".join(
        f"[{table}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in keys.items())
        for table, keys in tables.items()
    )


def thin_readme(name: str, package: Mapping[str, Any]) -> str:
    """Return the page that an index shows for a thin distribution."""
    return (
        f"# {name}\n\n{THIN[name]}.\n\n"
        f"This package is the command `{name}` and a dependency on version {package['version']} of {package['name']}, "
        "which has the code, the other plugin, the command `suitetalk` and, as an extra, a local NetSuite to test "
        "against. Install whichever of the names you like; they are the same program.\n"
    )


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def run(*command: str | Path) -> None:
    """Run one of the environment's commands, which says itself what is wrong.

    Raises:
        SystemExit: it failed.
    """
    program, *arguments = map(str, command)
    done = subprocess.run([str(Path(sys.executable).parent / program), *arguments], cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"`{program}` failed, as said above; nothing in dist/ should be published.")


def build(folder: Path) -> None:
    """Build the source distribution of a project, and the wheel out of it."""
    run("uv", "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", DIST, folder)


def main() -> None:
    """Build and check."""
    package: Mapping[str, Any] = ProjectMetadata(str(ROOT), PluginManager()).core.config
    shutil.rmtree(DIST, ignore_errors=True)
    build(ROOT)
    run("check-wheel-contents", DIST)
    with tempfile.TemporaryDirectory() as place:
        for name in THIN:
            folder = Path(place) / name
            folder.mkdir()
            (folder / "pyproject.toml").write_text(thin_project(name, package), encoding="utf-8")
            (folder / "README.md").write_text(thin_readme(name, package), encoding="utf-8")
            shutil.copy(ROOT / "LICENSE", folder)
            build(folder)
            run(
                "check-wheel-contents",
                "--no-config",
                "--ignore",
                _NO_CODE,
                *DIST.glob(f"{name.replace('-', '_')}-*.whl"),
            )
    built = sorted(path for path in DIST.iterdir() if path.name != ".gitignore")
    run("twine", "check", "--strict", *built)
    print("\n".join(f"dist/{path.name}" for path in built))


if __name__ == "__main__":
    main()
