"""Query, dataset, request, types, schema, open, limits."""

from __future__ import annotations

import sys
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click

from suitetalk.cli.inputs import pair, read_input, read_json, read_text
from suitetalk.cli.options import (
    RECORD_TYPE,
    ConnectedCommand,
    configuration,
    connect,
    page_options,
    refuse_page_of_all,
    say_how_many,
)
from suitetalk.cli.output import (
    FORMATS,
    is_json,
    note,
    output_option,
    output_options,
    write_bytes,
    write_json,
    write_rows,
    write_text,
)
from suitetalk.doctor.account import TypeAccess, access_to
from suitetalk.http.response import PAGE_SIZE, Answer
from suitetalk.metadata import FieldShape
from suitetalk.raw import SERVICES, Body, File, Retries
from suitetalk.record_tables import page_of, table_of
from suitetalk.redaction import printable
from suitetalk.settings import ConnectionSettings
from suitetalk.suiteql import check_parameters, refuse_offset, selected_columns

_THREADS = 16  # the governor decides how many requests are in flight
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_COLUMNS = ("name", "kind", "title", "filterable", "read_only", "custom", "keys", "choices")


@click.command(cls=ConnectedCommand)
@click.argument("statement", metavar="SUITEQL")
@click.option(
    "-p",
    "--param",
    "parameters",
    metavar="VALUE",
    multiple=True,
    help="Value of the next ? in the statement; bound where the account can, else quoted.",
)
@page_options
@output_options
@click.pass_context
def query(  # noqa: PLR0917 - one for each option
    context: click.Context,
    statement: str,
    parameters: tuple[str, ...],
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """Run a SuiteQL statement: as text, @FILE, or - for standard input.

    With --all, select a column that identifies the rows, such as id, and order by it or not at all: pages then follow
    one another by it. Other results are read twice, and end with an error where rows may be missing. Values are text as
    NetSuite sends it; a column that is null is absent from JSON and empty elsewhere.
    """
    refuse_page_of_all(limit, offset, everything=everything)
    text = read_text(statement).strip().removesuffix(";")
    if not text:
        raise click.UsageError("The statement is empty")
    refuse_offset(text)
    check_parameters(text, parameters)
    suiteql = connect(context).suiteql
    columns = () if is_json(form, output) else selected_columns(text)
    if everything:
        write_rows(suiteql.rows(text, parameters), form, output, columns)
        return
    page = suiteql.proven_page(text, parameters, limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows(page.items, form, output, columns)
    say_how_many(len(page.items), page.total, offset or 0)


@click.command(cls=ConnectedCommand)
@click.argument("dataset_id", metavar="ID")
@page_options
@output_options
@click.pass_context
def dataset(  # noqa: PLR0917 - one for each option
    context: click.Context,
    dataset_id: str,
    limit: int | None,
    offset: int | None,
    everything: bool,  # noqa: FBT001 - given by name
    form: str | None,
    output: Path | None,
) -> None:
    """Run a saved dataset; values are text, dates in the user's format."""
    refuse_page_of_all(limit, offset, everything=everything)
    saved = connect(context).datasets
    if everything:
        write_rows(saved.rows(dataset_id), form, output)
        return
    page = saved.page(dataset_id, limit=limit or PAGE_SIZE, offset=offset or 0)
    write_rows(page.items, form, output)
    say_how_many(len(page.items), page.total, offset or 0)


@click.command(cls=ConnectedCommand)
@output_options
@click.pass_context
def datasets(context: click.Context, form: str | None, output: Path | None) -> None:
    """List the saved SuiteAnalytics Workbook datasets the role can see."""
    write_rows(map(_without_links, connect(context).datasets.list()), form, output)


@click.command(
    cls=ConnectedCommand,
    epilog="DATA is text, @FILE, or - for standard input. Without --max-retries, requests are tried again as those of "
    "the other commands are.",
)
@click.argument("method", metavar="METHOD", type=click.Choice(_METHODS, case_sensitive=False))
@click.argument("path")
@click.option("--service", type=click.Choice(SERVICES), default="record", show_default=True, help="Whose path it is.")
@click.option("-q", "--query", "parameters", metavar="NAME=VALUE", multiple=True, help="Query parameter.")
@click.option("-H", "--header", "headers", metavar="NAME: VALUE", multiple=True, help="Header field.")
@click.option("-j", "--json", "json_data", metavar="DATA", help="JSON body.")
@click.option("-d", "--data", metavar="DATA", help="Body sent as it is; text/plain unless a header says otherwise.")
@click.option("--form", "form_data", metavar="NAME=VALUE", multiple=True, help="Field of a form body.")
@click.option("--multipart", is_flag=True, help="Send the form as multipart form data, even without a file.")
@click.option("--file", "files", metavar="NAME=FILE", multiple=True, help="File of a multipart body.")
@click.option("--file-name", "file_names", metavar="TEXT", multiple=True, help="Name to give the next --file.")
@click.option(
    "--response", type=click.Choice(["json", "text", "binary"]), help="What to take the answer for.  [default: by type]"
)
@click.option("-i", "--include", is_flag=True, help="Show status and header fields of the answer, on standard error.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), help="Seconds to wait for the answer to go on.")
@click.option("--max-retries", type=click.IntRange(0), help="Further tries after the first.")
@click.option("--retry-delay", type=click.IntRange(0), metavar="MS", help="Before each of them.  [default: 1000]")
@click.option("--retry-backoff", is_flag=True, help="Double the delay each time.")
@click.option(
    "--retry-all-errors",
    is_flag=True,
    help="Not only after network errors, 429 and 5xx; a write whose answer is lost may then be done twice.",
)
@output_option
@click.pass_context
def request(  # noqa: PLR0913, PLR0917 - one for each option
    context: click.Context,
    method: str,
    path: str,
    service: str,
    parameters: tuple[str, ...],
    headers: tuple[str, ...],
    json_data: str | None,
    data: str | None,
    form_data: tuple[str, ...],
    files: tuple[str, ...],
    file_names: tuple[str, ...],
    multipart: bool,  # noqa: FBT001 - given by name
    response: str | None,
    include: bool,  # noqa: FBT001 - given by name
    timeout: float | None,
    max_retries: int | None,
    retry_delay: int | None,
    retry_backoff: bool,  # noqa: FBT001 - given by name
    retry_all_errors: bool,  # noqa: FBT001 - given by name
    output: Path | None,
) -> None:
    """Send any request and print the answer.

    PATH is that of the service (customer/107 or /customer/107), from the root (/services/rest/record/v1/customer/107),
    or a whole address of the account.
    """
    body = Body(
        json=None if json_data is None else read_json(json_data),
        text=None if data is None else read_input(data),
        form=[pair(field, "--form") for field in form_data],
        files=_files(files, file_names),
        multipart=multipart,
    )
    answer = connect(context).raw.request(
        method,
        path,
        service=service,
        parameters=[pair(parameter, "--query") for parameter in parameters],
        headers=[_header(header) for header in headers],
        body=body,
        timeout=timeout,
        retries=_retries(max_retries, retry_delay, exponential=retry_backoff, all_errors=retry_all_errors),
    )
    if include:
        note("\n".join([str(answer.status), *(f"{name}: {value}" for name, value in answer.headers.items())]))
    _show(answer, response, output)


@click.command(cls=ConnectedCommand)
@click.argument("wanted", metavar="[TYPE]...", nargs=-1)
@click.option("--check", is_flag=True, help="Try what the role may do with every type: four requests for each.")
@output_options
@click.pass_context
def types(context: click.Context, wanted: tuple[str, ...], check: bool, form: str | None, output: Path | None) -> None:  # noqa: FBT001 - given by name
    """List the record types the role can see, and the SuiteQL table of each.

    For each TYPE that is named, or for all with --check, it also shows the title and whether the role may list its
    records, query the table and create a record. Nothing is written to the account.
    """
    netsuite = connect(context)
    names = wanted or tuple(netsuite.metadata.record_types())
    if wanted or check:
        with ThreadPoolExecutor(_THREADS) as pool:
            rows = [asdict(access) for access in pool.map(lambda name: access_to(netsuite, name), names)]
        write_rows(rows, form, output, [field.name for field in fields(TypeAccess)])
    else:
        write_rows([{"name": name, "table": table_of(name)} for name in names], form, output, ["name", "table"])


@click.command(cls=ConnectedCommand)
@click.argument("record_type", metavar="TYPE")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice([*FORMATS, "json-schema", "openapi"]),
    help="The last two are NetSuite's own descriptions.  [default: table at a terminal, else jsonl]",
)
@output_option
@click.pass_context
def schema(context: click.Context, record_type: str, form: str | None, output: Path | None) -> None:
    """Show the fields of TYPE, its sublists with their keys, and what can be filtered by."""
    catalog = connect(context).metadata
    if form == "json-schema":
        write_json(catalog.json_schema(record_type), output)
    elif form == "openapi":
        write_json(catalog.open_api([record_type]), output)
    else:
        write_rows([_row(field) for field in catalog.fields(record_type)], form, output, _COLUMNS)


@click.command("open", cls=ConnectedCommand)
@RECORD_TYPE
@click.argument("record_id", metavar="ID", type=int)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.pass_context
def open_(context: click.Context, record_type: str, record_id: int, no_browser: bool) -> None:  # noqa: FBT001 - given by name
    """Print the address of a record's page in NetSuite, and open it in a browser; nothing is asked or logged in.

    ID is an internal id. The pages of transactions, items, entities, accounts and the like are known.
    """
    page = page_of(record_type, record_id)
    if page is None:
        raise click.UsageError(
            f"The page of {record_type} is not known; it is for transactions, items, entities, accounts, "
            "subsidiaries, departments, classes, locations and files"
        )
    address = ConnectionSettings.from_mapping(configuration(context).values).account.pages_url + page
    click.echo(printable(address))
    if not no_browser and not webbrowser.open(address):
        note("No browser could be opened here; open the address in yours.")


@click.command(cls=ConnectedCommand)
@output_option
@click.pass_context
def limits(context: click.Context, output: Path | None) -> None:
    """Show how many requests the account may have in flight, as JSON; for the Administrator role only."""
    write_json(connect(context).system.governance_limits(), output)


def _without_links(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "links"}


def _show(answer: Answer, response: str | None, output: Path | None) -> None:
    kind = response or _kind(answer)
    if not answer.content:
        if answer.headers.get("Location") and not output:
            click.echo(printable(answer.headers["Location"]))
        elif output:
            write_bytes(b"", output)
    elif kind == "json":
        write_json(answer.json(), output)
    elif kind == "text":
        text = answer.text()
        write_text(text if text.endswith("\n") or output else text + "\n", output)
    elif output is None and sys.stdout.isatty():
        raise click.UsageError(
            f"The answer is {len(answer.content)} bytes that are not text; name a file with --output"
        )
    else:
        write_bytes(answer.content, output)


def _kind(answer: Answer) -> str:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.endswith(("json", "oracle.resource")):
        return "json"
    return "text" if kind.startswith("text/") or kind.endswith("xml") else "binary"


def _header(text: str) -> tuple[str, str]:
    name, separator, value = text.partition(":")
    if not separator or not name.strip():
        raise click.UsageError(f"--header takes 'NAME: VALUE', not {text!r}")
    return name.strip(), value.strip()


def _files(files: tuple[str, ...], names: tuple[str, ...]) -> list[File]:
    if len(names) > len(files):
        raise click.UsageError("There are more --file-name than --file")
    pairs = [pair(file, "--file") for file in files]
    called = [*names, *("" for _ in pairs)]
    return [
        File(field, called[number] or Path(path.removeprefix("@")).name, read_input("@" + path.removeprefix("@")))
        for number, (field, path) in enumerate(pairs)
    ]


def _retries(count: int | None, delay: int | None, *, exponential: bool, all_errors: bool) -> Retries | None:
    if count is None:
        if delay is not None or exponential or all_errors:
            raise click.UsageError("--retry-delay, --retry-backoff and --retry-all-errors need --max-retries")
        return None
    return Retries(count, 1.0 if delay is None else delay / 1000, exponential=exponential, all_errors=all_errors)


def _row(field: FieldShape) -> dict[str, Any]:
    row = {name: getattr(field, name) for name in _COLUMNS}
    lists = {name: ", ".join(row[name]) for name in ("keys", "choices")}
    flags = {name: "yes" if row[name] else "" for name in ("filterable", "read_only", "custom")}
    return {name: value for name, value in {**row, **lists, **flags}.items() if value or name == "name"}
