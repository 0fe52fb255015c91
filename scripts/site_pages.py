"""What `make docs` makes the site of: pages of the whole repository, each at an address of its own.

MkDocs calls this. It knows every file by its path in the repository, so that the links between pages, which are made
for a repository browser, lead to the same pages in the site. A file that is no page, such as meltano.yml, comes along
when a page links to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
_PAGES = ("docs/*.md", "[a-z]*/README.md", "examples/*/README.md", "*.md")
_NOT_PAGES = {"tap-netsuite/README.md", "target-netsuite/README.md"}  # they lead whoever is in the repository to docs/
_MADE = "build/pages/*.md"  # by describe_code.py; they count as pages in docs/
_BESIDES = ("docs/site.css",)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name headings as repository browsers do, so that links to them hold in both."""
    config.mdx_configs["toc"]["slugify"] = _anchor
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the repository's pages, and what they link to, in the place of the folder `docs`."""
    for file in [*files]:
        if file.src_dir == config.docs_dir:
            files.remove(file)
    pages = {path for pattern in _PAGES for path in ROOT.glob(pattern)} - {ROOT / name for name in _NOT_PAGES}
    others = {ROOT / name for name in _BESIDES} | {file for page in pages for file in _linked(page)}
    for path in sorted(pages | others):
        files.append(_file(config, path, path.relative_to(ROOT).as_posix()))
    for path in ROOT.glob(_MADE):
        files.append(_file(config, path, f"docs/{path.name}"))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Take the backslash from before a bar in code, which a table needs in a repository browser and here shows."""
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace("\\|", "|"), markdown)


def _linked(page: Path) -> Iterator[Path]:
    """Return the files a page leads to or shows that are no pages."""
    for link in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8")):
        path = (page.parent / link).resolve()
        if "://" not in link and path.suffix != ".md" and path.is_file():
            yield path


def _file(config: MkDocsConfig, path: Path, name: str) -> File:
    file = File.generated(config, name, abs_src_path=str(path))
    if path.suffix == ".md":
        file.dest_uri = _address(path)
    elif name == "LICENSE":
        file.dest_uri = "license.txt"  # a browser shows a file of that kind and saves one without
    return file


def _address(page: Path) -> str:
    """Return where a page goes: the landing page to the root, the others to a folder each, whatever theirs is here."""
    if page.name == "index.md":
        return "index.html"
    if page.stem == "README":
        return f"{'start' if page.parent == ROOT else page.parent.name}/index.html"
    return f"{page.stem.lower()}/index.html"


def _anchor(heading: str, separator: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)
