"""What is published can be built, checked and installed; image and workflows pass their linters."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import yaml

from tests.fresh_copy import FreshCopy
from tests.pipelines import install

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
EXAMPLE = ROOT / "examples" / "github-actions" / "netsuite.yml"
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), EXAMPLE]
ELSEWHERE = re.compile(r"^[\w./-]+@([0-9a-f]{40})$")


def run(*command: str | Path, directory: Path = ROOT) -> str:
    """Run a command and return what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},  # Python 3.10 is near its end, says the SDK
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_dockerfile_passes_hadolint() -> None:
    run(PROGRAMS / "hadolint", "Dockerfile")


def test_the_image_is_slim_and_not_roots() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = lines[[number for number, line in enumerate(lines) if line.startswith("FROM ")][-1] :]

    assert last[0].endswith("-slim")
    assert "USER 10001:10001" in last
    assert all("pip install" not in line for line in last)


def test_workflows_are_sound_and_trust_nobody() -> None:
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")
    run(PROGRAMS / "zizmor", "--offline", "--no-progress", ".github", EXAMPLE)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    steps = [step for job in jobs for step in job.get("steps", ())]

    for used in [one["uses"] for one in [*jobs, *steps] if "uses" in one]:
        assert ELSEWHERE.match(used) or (ROOT / used.removeprefix("./")).is_file(), used
    assert {name for step in steps for name in re.findall(r"\bmake (\w+)", step.get("run", ""))} <= targets


def test_every_python_that_is_promised_is_tested() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    test = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))

    assert test["jobs"]["test"]["strategy"]["matrix"]["python"] == promised


def test_nobody_is_sent_to_an_index_for_what_is_not_there() -> None:
    """To go, and only then, when the first release is on an index."""
    names = r"(?:netsuite-singer|tap-netsuite|target-netsuite)(?:\[\w+\])?"
    sent = re.compile(rf"(?:install|uvx|add|requirements?:?)\s+['\"`]?{names}['\"`]?(?! *@)(?![\w\[-])(?!.*--from-ref)")
    written = [
        path for pattern in ("*.md", "*/*.md", "*/*/*.md", "*/*/*.py", "*/*/*/*.py") for path in ROOT.glob(pattern)
    ]
    own = [path for path in written if not path.relative_to(ROOT).parts[0].startswith(".")]

    assert len(own) > 100
    found = {(path.name, hit[0]) for path in own for hit in sent.finditer(path.read_text(encoding="utf-8"))}
    assert {hit for hit in found if "meltano" not in hit[1]} == set()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_distributions_pass_the_checks_of_an_index_and_install(tmp_path: Path) -> None:
    clone = FreshCopy(tmp_path).path
    said = run(sys.executable, "scripts/build_distributions.py", directory=clone)
    built = sorted(path.name for path in (clone / "dist").iterdir() if path.suffix in {".whl", ".gz"})
    assert [name.split("-")[0] for name in built] == [
        name for name in ("netsuite_singer", "tap_netsuite", "target_netsuite") for _ in ("wheel", "source")
    ]
    assert said.count("PASSED") == 6

    for name in ("tap-netsuite", "target-netsuite"):
        environment = tmp_path / name
        venv.create(environment, with_pip=False)
        python = environment / "bin" / "python"
        source: list[str | Path] = ["--find-links", clone / "dist", "--constraint", "requirements.lock"]
        run(PROGRAMS / "uv", "pip", "install", "--quiet", "--python", python, *source, name)
        assert name in run(environment / "bin" / name, "--version")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_emulator_says_that_it_cannot_use_a_compiled_sqlglot(tmp_path: Path) -> None:
    programs = install(
        tmp_path / "environment", "--constraint", str(ROOT / "requirements.lock"), f"{ROOT}[emulator]", "sqlglot[c]"
    )

    done = subprocess.run([programs / "netsuite-emulator"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: The emulator cannot add SuiteQL to the compiled form of sqlglot; uninstall the package `sqlglotc`.\n"
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_dockerfile_installs_what_it_copies(tmp_path: Path) -> None:
    """Its commands run here, on the files that .dockerignore lets through; a container adds only the base image."""
    allowed = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    source, target = tmp_path / "source", tmp_path / "opt"
    for name in allowed:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    stage = text.split("\nFROM ")[1]
    for command in re.findall(r"^RUN (.*)$", stage, re.MULTILINE):
        there = command.replace("/opt/netsuite-singer", str(target)).replace(
            "python -m", f"{shlex.quote(sys.executable)} -m"
        )
        run("sh", "-c", there, directory=source)

    for name in ("tap-netsuite", "target-netsuite", "suitetalk"):
        assert name in run(target / "bin" / name, "--version", directory=tmp_path)
