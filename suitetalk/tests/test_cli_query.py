"""SuiteQL from the command line: parameters, pages, formats."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow import parquet
from tests.cli_runs import QuickShell, Shell, environment_of

from netsuite_emulator import Emulator
from suitetalk import ConnectionSettings, NetSuite, SuiteTalkError
from suitetalk.cli.app import app
from suitetalk.cli.output import _with_those_seen as named
from suitetalk.cli.output import columns_of, lines, write_rows
from suitetalk.suiteql import selected_columns

SOME = "SELECT id, companyname, email FROM customer WHERE id IN (1212, 1214, 1216) ORDER BY id"


@pytest.fixture
def shell(netsuite_emulator: Emulator, tmp_path: Path) -> Shell:
    return QuickShell(tmp_path, environment_of(netsuite_emulator.connection, tmp_path))


@pytest.mark.parametrize("bound", [True, False])
def test_parameters_with_and_without_binding(
    netsuite_emulator_factory: Callable[..., Emulator],
    tmp_path: Path,
    bound: bool,  # noqa: FBT001 - a parameter
) -> None:
    emulator = netsuite_emulator_factory(query_parameters=bound)
    emulator.execute("UPDATE customer SET companyname = 'O''Neil ?' WHERE id = 1212")
    shell = QuickShell(tmp_path, environment_of(emulator.connection, tmp_path))
    statement = "SELECT id, '?' AS mark FROM customer WHERE companyname = ? /* why? */ AND id < ?"

    rows = shell.done("query", statement, "--param", "O'Neil ?", "-p", "2000").lines()
    with NetSuite(ConnectionSettings.from_mapping(emulator.connection)) as netsuite:
        same = list(netsuite.suiteql.rows(statement, ["O'Neil ?", 2000]))
        with pytest.raises(SuiteTalkError, match="2 placeholders"):
            netsuite.suiteql.page(statement, ["one"])

    assert rows == same == [{"id": "1212", "mark": "?"}]
    assert shell.run("query", statement, "-p", "one").code == 2


def test_every_page(netsuite_emulator: Emulator, shell: Shell) -> None:
    truth = [str(row[0]) for row in netsuite_emulator.execute("SELECT uniquekey FROM transactionline ORDER BY 1")]
    statement = "SELECT uniquekey FROM transactionline ORDER BY uniquekey"

    assert len(truth) > 1000
    assert [row["uniquekey"] for row in shell.done("query", statement, "--all").lines()] == truth
    page = shell.done("query", statement, "--limit", "7", "--offset", "14")
    assert [row["uniquekey"] for row in page.lines()] == truth[14:21]
    assert f"15 to 21 of {len(truth)}" in page.err
    assert shell.run("query", statement, "--all", "--limit", "7").code == 2


def test_pages_that_repeat_rows_end_with_an_error(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(shuffled_pages=True)
    shell = QuickShell(tmp_path, environment_of(emulator.connection, tmp_path))
    truth = {str(row[0]) for row in emulator.execute("SELECT uniquekey FROM transactionline")}

    rows = shell.done("query", "SELECT * FROM transactionline", "--all").lines()
    assert len(rows) == len(truth)
    assert {row["uniquekey"] for row in rows} == truth
    ended = shell.run("query", "SELECT memo, quantity FROM transactionline", "--all")
    assert ended.code == 1
    assert "rows on two pages, so as many others may be missing; select a column that identifies" in ended.err
    ended = shell.run("query", "SELECT memo, quantity FROM transactionline", "--all", "-o", "lines.csv")
    assert ended.code == 1
    assert not (tmp_path / "lines.csv").exists()
    full = "SELECT quantity, memo FROM transactionline ORDER BY quantity, memo"
    assert len(shell.done("query", full, "--all").lines()) == len(truth)


def test_rows_that_are_not_shown_with_so_many_columns_are_no_empty_result(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path
) -> None:
    emulator = netsuite_emulator_factory(column_cap=20)
    shell = QuickShell(tmp_path, environment_of(emulator.connection, tmp_path))
    for pages in ((), ("--all",)):
        ended = shell.run("query", "SELECT * FROM customer WHERE id < ? FETCH FIRST 5 ROWS ONLY", "-p", "1250", *pages)
        assert ended.code == 1
        assert "NetSuite counts 5 rows of the query and shows none of them: it has more columns than" in ended.err
        assert shell.done("query", "SELECT id FROM customer WHERE id = 1212", *pages).lines() == [{"id": "1212"}]
        assert shell.done("query", "SELECT * FROM customer WHERE id = 1", *pages).lines() == []


def test_an_offset_in_a_statement_is_refused(shell: Shell) -> None:
    ended = shell.run("query", "SELECT id FROM customer ORDER BY id OFFSET 5 ROWS")
    assert ended.code == 2
    assert "has an OFFSET, which NetSuite ignores" in ended.err


def test_formats(shell: Shell) -> None:
    rows = shell.done("query", SOME).lines()
    (shell.folder / "some.sql").write_text(SOME + ";\n")

    assert shell.done("query", "@some.sql", "-f", "json").json() == rows
    assert shell.done("query", "-", "-f", "jsonl", stdin=SOME).lines() == rows
    written = list(csv.DictReader(io.StringIO(shell.done("query", SOME, "-f", "csv").out)))
    assert [{name: value for name, value in row.items() if value} for row in written] == rows
    table = shell.done("query", SOME, "-f", "table", COLUMNS="20").out
    assert "Kitchener" in table
    assert "\x1b" not in table
    assert len(table.splitlines()) == 2 + len(rows)


def test_parquet(shell: Shell) -> None:
    rows = shell.done("query", SOME).lines()

    assert shell.done("query", SOME, "-o", "some.parquet").out == ""
    read = parquet.read_table(shell.folder / "some.parquet").to_pylist()
    assert [{name: value for name, value in row.items() if value is not None} for row in read] == rows
    assert [path.name for path in shell.folder.glob("*some.parquet*")] == ["some.parquet"]


def test_a_file_is_written_whole_or_not_at_all(
    netsuite_emulator_factory: Callable[..., Emulator], tmp_path: Path
) -> None:
    shell = QuickShell(tmp_path, environment_of(netsuite_emulator_factory(query_row_limit=1000).connection, tmp_path))
    (tmp_path / "kept.jsonl").write_text("before")

    run = shell.run("query", "SELECT uniquekey FROM transactionline ORDER BY 1", "--all", "-o", "kept.jsonl")

    assert run.code == 1
    assert (tmp_path / "kept.jsonl").read_text() == "before"
    assert not list(tmp_path.glob("*.part"))


def test_columns_that_are_null_in_some_rows_keep_their_place() -> None:
    assert columns_of([{"a": 1, "c": 1}, {"a": 1, "b": 1, "c": 1}, {"z": 1}]) == ["z", "a", "b", "c"]


def test_a_table_for_a_person() -> None:
    rows = [{"id": "1", "name": "日本\x1b[2J\nx"}, {"id": "22"}]

    wide = list(lines(["id", "name"], rows, None))
    narrow = list(lines(["id", "name"], rows, 8))

    assert "\x1b[2J" not in "".join(wide)
    assert [line.rstrip() for line in wide[2:]] == ["1   日本\N{REPLACEMENT CHARACTER}[2J x", "22"]
    assert narrow[0].endswith("1")
    assert narrow[2] == ""


def test_nothing_found(shell: Shell) -> None:
    none = "SELECT id FROM customer WHERE id = -7"

    assert shell.done("query", none).out == ""
    assert shell.done("query", none, "-f", "json").json() == []
    assert shell.done("query", none, "-f", "csv").out == "id\n"
    assert shell.done("query", none, "-f", "table").out.split() == ["id", "--"]
    assert shell.done("query", "SELECT * FROM customer WHERE id = -7", "-f", "csv").out == ""
    assert shell.run("query", " ").code == 2


@pytest.mark.parametrize("form", ["csv", "table", "parquet"])
def test_columns_are_those_of_the_select_list_in_its_order(shell: Shell, form: str) -> None:
    statement = (
        "SELECT email, NULL AS nothing, c.id, UPPER(companyname) AS loud, COUNT(*) OVER () FROM customer c "
        "WHERE id IN (1212, 1214) ORDER BY id"
    )
    wanted = ["email", "nothing", "id", "loud"]

    if form == "parquet":
        shell.done("query", statement, "-o", "some.parquet")
        found = parquet.read_table(shell.folder / "some.parquet").column_names
    else:
        head = shell.done("query", statement, "-f", form).out.splitlines()[0]
        found = head.split("," if form == "csv" else None)

    assert found[:4] == wanted
    assert len(found) == 5


@pytest.mark.parametrize(
    ("statement", "columns"),
    [
        ("SELECT b.id, A, b.Id FROM b", ["id", "a"]),
        ("SELECT *, 1 AS one FROM b", ["*", "one"]),
        ("SELECT b.*, COUNT(*) FROM b", ["*", None]),
        ("SELECT BUILTIN.DF(entity), BUILTIN.DF(item) AS item FROM b WHERE c = ? AND d(+) = e", [None, "item"]),
        ("(SELECT id FROM a) UNION SELECT x FROM b", ["id"]),
        ("SELECT (", []),
        ("DELETE FROM a", []),
    ],
)
def test_what_a_statement_selects(statement: str, columns: list[str | None]) -> None:
    assert selected_columns(statement) == columns


def test_rows_name_the_columns_that_the_statement_does_not() -> None:
    assert named(["a", None, "b", None], ["b", "expr1"]) == ["a", "expr1", "b", "expr2"]
    assert named(["*", "one"], ["x", "one", "y"]) == ["x", "y", "one"]
    assert named([], ["x", "y"]) == ["x", "y"]


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.txt", "rows.cvs"])
def test_a_suffix_that_names_no_format_is_refused(shell: Shell, name: str) -> None:
    run = shell.run("query", SOME, "-o", name)

    assert run.code == 2
    assert "does not name a format" in run.err
    assert not (shell.folder / name).exists()
    assert shell.done("query", SOME, "-f", "csv", "-o", name).out == ""
    assert (shell.folder / name).read_text().startswith("id,companyname,email\n")


def test_cells_that_look_like_formulas_are_written_as_they_are(shell: Shell) -> None:
    found = shell.done("query", "SELECT '=1+1' AS a, '@x' AS b, '-2' AS c FROM customer WHERE id = 1212", "-f", "csv")

    assert found.out == "a,b,c\n=1+1,@x,-2\n"


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "table"])
def test_no_control_character_reaches_a_terminal(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    screen = Terminal()
    shown = io.TextIOWrapper(screen, encoding="utf-8")
    monkeypatch.setattr(shown, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout", shown)
    monkeypatch.setenv("NO_COLOR", "1")

    write_rows([{"a\x9b": "x\x1b[2J\x9b31m\u202ey"}], form, None)

    found = screen.getvalue().decode().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert not {"\x1b", "\x9b", "\u202e"} & set(found)


def test_every_command_has_a_help_that_says_something() -> None:
    runner = CliRunner()
    for name, command in app.commands.items():
        shown = runner.invoke(app, [name, "--help"])
        assert shown.exit_code == 0
        assert command.help
        assert command.help.splitlines()[0].endswith((".", ","))
    assert "Exit codes: 0 done" in " ".join(runner.invoke(app, ["--help"]).output.split())
