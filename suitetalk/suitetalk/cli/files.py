"""The file cabinet: file list, get, put, rm, mkdir."""

from __future__ import annotations

import mimetypes
import sys
from pathlib import Path
from typing import Any, get_args

import click

from suitetalk.cli.options import ConnectedCommand, connect
from suitetalk.cli.output import output_option, output_options, write_bytes, write_json, write_rows
from suitetalk.files import LARGEST_FILE, Entry, Files
from suitetalk.redaction import printable

_COLUMNS = ("id", "name", "kind")
_DETAILS = ("folder", "mediaType", "size", "lastModifiedDate")


@click.group()
def file() -> None:
    """List, read, add and delete files of the file cabinet, a young service of NetSuite; at most 10 MB each."""


@file.command("list", cls=ConnectedCommand)
@click.argument("folder", metavar="[FOLDER]", required=False)
@click.option("-q", "--query", "q", metavar="FILTER", help="Instead of FOLDER, such as 'name START_WITH \"Invoice\"'.")
@click.option("--only", type=click.Choice(get_args(Entry)), help="Files only, or folders only.")
@click.option("--details", is_flag=True, help="Folder, type, size and date of each too; one request each.")
@output_options
@click.pass_context
def list_(  # noqa: PLR0917 - one for each option
    context: click.Context,
    folder: str | None,
    q: str | None,
    only: Entry | None,
    details: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """List the folders and files in the folder with the id FOLDER, or all there are."""
    if folder and q:
        raise click.UsageError("FOLDER and --query are both given; name the folder in the filter")
    files = connect(context).files
    filters: dict[Entry, str | None] = {
        "folder": q or (f"parent EQUAL {folder}" if folder else None),
        "file": q or (f"folder EQUAL {folder}" if folder else None),
    }
    rows = (
        _row(files, each, entry, details=details)
        for entry, condition in filters.items()
        if only in (None, entry)
        for each in files.all(entry, q=condition)
    )
    write_rows(rows, form, output, [*_COLUMNS, *(_DETAILS if details else ())])


def _row(files: Files, listed: dict[str, Any], entry: Entry, *, details: bool) -> dict[str, Any]:
    known = files.get(str(listed["id"]), entry) if details else listed
    row = {"id": known.get("id"), "name": known.get("name"), "kind": entry}
    for name in _DETAILS if details else ():
        value = known.get("parent") if name == "folder" and entry == "folder" else known.get(name)
        row[name] = value.get("id") if isinstance(value, dict) else value
    return {name: value for name, value in row.items() if value is not None}


@file.command("get", cls=ConnectedCommand)
@click.argument("file_id", metavar="ID")
@click.option("--details", is_flag=True, help="What NetSuite says of the file, as JSON, instead of what is in it.")
@output_option
@click.pass_context
def get(context: click.Context, file_id: str, details: bool, output: Path | None) -> None:  # noqa: FBT001 - by name
    """Write what is in the file with this ID to standard output, or to a file with --output."""
    files = connect(context).files
    if details:
        write_json(files.get(file_id), output)
    else:
        write_bytes(files.content(file_id), output)


@file.command("put", cls=ConnectedCommand)
@click.argument("path", metavar="FILE")
@click.option("--folder", metavar="ID", help="The folder it goes into.")
@click.option("--name", help="Its name in NetSuite.  [default: that of FILE]")
@click.option("--media-type", help="Such as application/pdf.  [default: by the name's ending]")
@click.pass_context
def put(context: click.Context, path: str, folder: str | None, name: str | None, media_type: str | None) -> None:
    """Add FILE, or - for standard input, and print its id; a file of the same name in the folder is replaced."""
    if path == "-" and not name:
        raise click.UsageError("Standard input has no name; give --name")
    name = name or Path(path).name
    made = connect(context).files.put(
        name, _read(path), folder=folder, media_type=media_type or mimetypes.guess_type(name)[0]
    )
    click.echo(printable(made))


@file.command("rm", cls=ConnectedCommand)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--folder", "is_folder", is_flag=True, help="They are folders, which must be empty.")
@click.pass_context
def rm(context: click.Context, ids: tuple[str, ...], is_folder: bool) -> None:  # noqa: FBT001 - given by name
    """Delete files for good, in their order, up to the first that cannot be deleted."""
    files = connect(context).files
    for each in ids:
        files.delete(each, "folder" if is_folder else "file")


@file.command("mkdir", cls=ConnectedCommand)
@click.argument("name", metavar="NAME")
@click.option("--parent", metavar="ID", help="The folder it is inside.  [default: at the top]")
@click.pass_context
def mkdir(context: click.Context, name: str, parent: str | None) -> None:
    """Make a folder and print its id."""
    click.echo(printable(connect(context).files.make_folder(name, parent=parent)))


def _read(path: str) -> bytes:
    """Return what is to be sent, one byte more than possible of what is too large."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(LARGEST_FILE + 1)
        with Path(path).expanduser().open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.UsageError(f"The file {path!r} cannot be read ({why})") from None
