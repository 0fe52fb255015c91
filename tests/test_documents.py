"""What the documents name is there, and what README says of the plugins is what they say of themselves."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import suitetalk
from suitetalk.cli.app import app

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
