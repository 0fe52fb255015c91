"""Requests as the user makes them up."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from suitetalk.answer import Answer
from suitetalk.cli.connection import ConnectedCommand, connect
from suitetalk.cli.inputs import pair, read_input, read_json
from suitetalk.cli.output import note, output_option, write_bytes, write_json
from suitetalk.raw import SERVICES, Body, File, Retries

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


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
    response: str | None,
    include: bool,  # noqa: FBT001 - given by name
    timeout: float | None,
    max_retries: int | None,
    retry_delay: int | None,
    retry_backoff: bool,  # noqa: FBT001 - given by name
    retry_all_errors: bool,  # noqa: FBT001 - given by name
    output: Path | None,
) -> None:
    """Send a request of your own and print the answer.

    PATH is that of the service (customer/107), from the root (/services/rest/record/v1/customer/107), or a whole
    address of the account.
    """
    body = Body(
        json=None if json_data is None else read_json(json_data),
        text=None if data is None else read_input(data),
        form=[pair(field, "--form") for field in form_data],
        files=_files(files, file_names),
    )
    answer = connect(context).raw.request(
        method,
        path,
        service=service,
        parameters=[pair(parameter, "--query") for parameter in parameters],
        headers=dict(_header(header) for header in headers),
        body=body,
        timeout=timeout,
        retries=_retries(max_retries, retry_delay, exponential=retry_backoff, all_errors=retry_all_errors),
    )
    if include:
        note("\n".join([str(answer.status), *(f"{name}: {value}" for name, value in answer.headers.items())]))
    _show(answer, response, output)


def _show(answer: Answer, response: str | None, output: Path | None) -> None:
    kind = response or _kind(answer)
    if not answer.content:
        if answer.headers.get("Location") and not output:
            click.echo(answer.headers["Location"])
        elif output:
            write_bytes(b"", output)
    elif kind == "json":
        write_json(answer.json(), output)
    elif kind == "text":
        text = answer.text()
        write_bytes((text if text.endswith("\n") or output else text + "\n").encode(), output)
    elif output is None and sys.stdout.isatty():
        raise click.UsageError(f"The answer is {len(answer.content)} bytes that are no text; name a file with --output")
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
