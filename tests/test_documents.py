"""What the documents name is there, and what README says of the plugins is what they say of themselves."""

from __future__ import annotations

import json
import os
import re
import runpy
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import suitetalk
from suitetalk.cli.app import app
from tests.fresh_copy import FreshCopy
from tests.pipelines import running_warehouse

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "*/README.md", ".github/*.md")
    for path in ROOT.glob(pattern)
    if not path.relative_to(ROOT).parts[0].startswith(".venv")
)


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> list[str]:
    """Return the names that the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_and_headings_are_there_once(page: Path) -> None:
    if page.name != "CHANGELOG.md":  # its versions have the same headings
        assert len(set(anchors(page))) == len(anchors(page))
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        leads_to = page.parent / name if name else page
        assert leads_to.exists(), link
        assert not anchor or anchor in anchors(leads_to), link


def test_every_file_that_is_named_is_there() -> None:
    for page in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
            below = re.search(r"Paths are below `([^`]+)`", section)
            for name in re.findall(r"`([\w./-]+\.py)`", section):
                places = (ROOT / name, ROOT / below.group(1) / name) if below else (ROOT / name,)
                assert any(place.is_file() for place in places), f"{page.name} names {name}"


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 250


@pytest.mark.parametrize("plugin", ["tap-netsuite", "target-netsuite"])
def test_readme_has_the_capabilities_of_about(plugin: str) -> None:
    command = [str(Path(sys.executable).parent / plugin), "--about", "--format=json"]
    about = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    section = {"tap-netsuite": "First read", "target-netsuite": "First write"}[plugin]
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    capabilities = re.search(r"^Capabilities: (.*?)\.$", text, re.DOTALL | re.MULTILINE)
    assert capabilities
    assert re.findall(r"`([\w-]+)`", capabilities[1]) == about["capabilities"]


def test_every_target_that_is_named_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(encoding="utf-8"))}
    assert named <= targets


def test_the_site_leads_to_every_page() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f": docs/{page.name}\n" in site, f"mkdocs.yml does not name {page.name}"


def test_pages_of_the_code_have_every_command_and_name() -> None:
    described = runpy.run_path(str(ROOT / "scripts" / "describe_code.py"))
    commands, library = described["commands_page"](), described["library_page"]()

    assert [name for name in suitetalk.__all__ if f"\n### {name}\n" not in library] == []
    assert [name for name in app.commands if f"\n### suitetalk {name}\n" not in commands] == []
    assert "| `--replay FILE` |" in commands
    assert "Raises:\n\n- `InvalidArgumentError`: " in library
    assert " at 0x" not in library


# Where packages come from, and how to reach it, is the machine's affair.
_KEPT = re.compile(r"(PIP|UV|SSL|REQUESTS|CURL)_|(https?|no|all)_proxy$", re.IGNORECASE)
_STARTED = re.compile(r"--ready-file (\S+) .*&$", re.MULTILINE)


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Return the blocks of code of a page: their language, their title or nothing, their text."""
    found = re.findall(r"^```(\w*)(?: title=\"(.*?)\")?\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [(language, title, text) for language, title, text in found]


def run_bare(script: str, folder: Path) -> str:
    """Run lines as a shell would that knows nobody: no variables, no home that can be written to.

    Returns:
        What the lines printed.
    """
    path = os.pathsep.join([str(Path(sys.base_prefix) / "bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    kept = {name: value for name, value in os.environ.items() if _KEPT.match(name)}
    printed = folder / "printed.txt"  # not a pipe: what is started in the background would keep it open
    with printed.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=folder,
            env={**kept, "PATH": path, "HOME": "/dev/null", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        code = process.wait(timeout=900)
    finally:
        for each in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if os.getsid(each.pid) == process.pid:
                    each.kill()
    assert code == 0, printed.read_text(encoding="utf-8")
    return printed.read_text(encoding="utf-8")


def free_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return str(listener.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    copy = FreshCopy(tmp_path)
    folder = tmp_path / "tutorial"
    folder.mkdir()
    with running_warehouse(tmp_path) as (_, host):
        page = (
            (ROOT / "docs" / "tutorial.md")
            .read_text(encoding="utf-8")
            .replace("git+<address of this repository>", copy.path.as_uri())
            .replace("user:password@localhost/warehouse", f"demo:none@localhost/postgres?host={host}")
            .replace("--port 8101", f"--port {free_port()}")
            .replace("netsuite-emulator --ready", f"netsuite-emulator --port {free_port()} --ready")
        )
        lines = []
        for language, title, text in blocks(page):
            if title:
                (folder / title).write_text(text, encoding="utf-8")
            elif language == "sh":
                lines += [text, *(f"until [ -s {name} ]; do sleep 0.2; done" for name in _STARTED.findall(text))]
        output = run_bare("\n".join(lines), folder)

    assert "1 passed" in output
    assert len(re.findall(r"│ customer +│.*│ complete", output)) == 1 + 2  # look.py before and after the second run


# What stands for the other plugin in README. The second record of this tap is refused, and comes when a file is there.
_TAP = r"""#!/bin/sh
echo '{"type": "SCHEMA", "stream": "customers", "key_properties": ["id"], "schema": {"properties": {}}}'
echo '{"type": "RECORD", "stream": "customers", "record": {"id": "1", "name": "One"}}'
[ ! -e refused ] ||
  echo '{"type": "RECORD", "stream": "customers", "record": {"id": "2", "name": "Two", "owner": "987654321"}}'
"""
_TARGET = r"""#!/bin/sh
sed -n 's/^{"type": *"STATE", *"value": *\(.*\)}$/\1/p'
"""
_MERGE = "import json, sys; print(json.dumps({k: v for n in sys.argv[1:] for k, v in json.load(open(n)).items()}))"


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_commands_of_readme_work_as_they_stand(tmp_path: Path) -> None:
    """All but `make demo`, Docker and Meltano, which have tests of their own."""
    copy = FreshCopy(tmp_path)
    for name, text in {"tap-…": _TAP, "target-…": _TARGET}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    shells = [text for language, _, text in blocks(page) if not language]
    settings = [text for language, _, text in blocks(page) if language == "json"]
    install, read, write = (
        next(text for text in shells if begins in text)
        for begins in ("pip install", "tap-netsuite --config", "| target-netsuite")
    )
    for name, text in zip(("read.json", "write.json"), settings, strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    merge = f"python -c '{_MERGE}'"
    install = re.sub("^docker.*", "", install, flags=re.MULTILINE)
    install = install.replace("git+<address of this repository>", copy.path.as_uri())
    commands = re.findall(r"`((?:suitetalk|target-netsuite) [^`]*?)`", re.sub(r"\s+", " ", page))
    keygen, doctor, replay = (each for each in commands if each != "suitetalk init")  # which needs a terminal
    lines = f"""
        python3 -m venv installed
        . installed/bin/activate
        export PATH="$PWD:$PATH"
        cd {copy.path.as_posix()!r}
        {install}
        cd -
        netsuite-emulator --no-one-world --port {free_port()} --ready-file netsuite.json 2> emulator.txt &
        until [ -s netsuite.json ]; do sleep 0.2; done
        eval "$(grep export emulator.txt)"
        {keygen}
        {doctor}
        {merge} read.json netsuite.json > config.json
        {read}
        {merge} write.json netsuite.json > config.json
        {write}
        echo '{{"dry_run": false, "max_rejects": 2, "journal": "journal.sqlite"}}' > real.json
        {merge} config.json real.json > both.json
        mv both.json config.json
        touch refused
        {write}
        {replay}
    """
    output = run_bare("\n".join(line.strip() for line in lines.splitlines()), tmp_path)

    assert '"dry_run": true, "created": 1' in output
    assert "REFUSED" in output
    assert "987654321" in output
