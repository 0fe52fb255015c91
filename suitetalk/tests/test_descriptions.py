"""Settings described once: what a mapping becomes, what is refused in which words, and the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator

from suitetalk import ConfigurationError
from suitetalk.descriptions import (
    Special,
    check_environment,
    group,
    json_values,
    read,
    schema_of,
    setting,
    stray_names,
    stray_variables,
)


def _even(text: str) -> int:
    if int(text) % 2:
        raise ValueError(f"is {text!r}; it must be even.")
    return int(text)


@dataclass(frozen=True)
class Line:
    key: str = setting(..., "Key", "What it is called.", alone=True)
    share: Decimal = setting(Decimal("2.5"), "Share", "Its share.", minimum=0, maximum=100)

    def check(self, place: str) -> None:
        if self.key == "all" and self.share:
            raise ConfigurationError(f"{place}.share", "does not go with all.")


@dataclass(frozen=True)
class Habits:
    mode: Literal["slow", "fast"] = setting("slow", "Mode", "How.")
    wait: int = setting(60, "Wait", "How long.", minimum=1, unit="seconds")
    dry: bool = setting(False, "Dry", "Whether.")


@dataclass(frozen=True, kw_only=True)
class All:
    name: str = setting(..., "Name", "As on the door.")
    word: str | None = setting(None, "Word", "Not for everyone.", secret=True)
    habits: Habits = group()
    pair: Annotated[int, Special(_even)] | None = setting(None, "Pair", "A number that is even.", name="pair_number")
    tables: tuple[str, ...] = setting((), "Tables", "Which.", example=["item"])
    lines: tuple[Line, ...] = setting((), "Lines", "Each of them.")
    by_name: Mapping[str, Line] = setting({}, "By name", "Each of them.", example={"a": {"key": "b"}})


def test_text_as_environment_variables_have_it_says_the_same() -> None:
    typed: dict[str, Any] = {
        "name": "n", "mode": "fast", "wait": 5, "dry": True, "pair_number": "4", "tables": ["a", "b"],
        "lines": [{"key": "x", "share": 5}, "y"], "by_name": {"z": {"key": "k"}},
    }  # fmt: skip
    text = {
        "name": " n\n", "mode": "fast", "wait": "5", "dry": "true", "pair_number": "4", "tables": '["a", "b", "a"]',
        "lines": '[{"key": "x", "share": "5"}, "y"]', "by_name": '{"z": {"key": "k", "share": null}}',
    }  # fmt: skip

    found = read(All, text)

    assert found == read(All, typed)
    assert found.habits == Habits("fast", 5, dry=True)
    assert (found.pair, found.tables, found.lines) == (4, ("a", "b"), (Line("x", Decimal(5)), Line("y")))
    schema = schema_of(All)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(typed)
    Draft202012Validator(schema).validate(json_values(All, text))


def test_what_is_empty_is_absent() -> None:
    empty = {"word": "", "mode": None, "wait": " ", "tables": None, "lines": "", "other": 1}

    assert read(All, {"name": "n", **empty}) == read(All, {"name": "n"})
    assert json_values(All, empty) == {"other": 1}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": None}, "`name` is missing: As on the door."),
        ({"name": 7}, "`name` must be text, not int; put it in quotes."),
        ({"mode": "swift"}, "`mode` is 'swift'; it must be one of slow, fast."),
        ({"wait": 0}, "`wait` is 0; it must be a whole number of seconds from 1 up."),
        ({"wait": 1.5}, "`wait` is 1.5; it must be a whole number of seconds from 1 up."),
        ({"wait": True}, "`wait` is True; it must be a whole number of seconds from 1 up."),
        ({"dry": "maybe"}, "`dry` is 'maybe'; it must be true or false."),
        ({"pair_number": "3"}, "`pair_number` is '3'; it must be even."),
        ({"tables": "item"}, '`tables` is \'item\'; it must be a list such as ["item"].'),
        ({"tables": ["a", None]}, "`tables[1]` is empty; name something, or remove it."),
        ({"lines": [7]}, "`lines[0]` must be an object with key."),
        ({"lines": [{"share": 1}]}, "`lines[0].key` is missing: What it is called."),
        ({"lines": [{"key": "a", "size": 1}]}, "`lines[0].size` is not known; there are key, share."),
        ({"lines": ["a", "all"]}, "`lines[1].share` does not go with all."),
        ({"by_name": []}, '`by_name` must be an object such as {"a": {"key": "b"}}.'),
        ({"by_name": {"a": {"key": "b", "share": "nan"}}},
         "`by_name.a.share` is 'nan'; it must be a number from 0 to 100."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(All, {"name": "n", **given})

    assert str(caught.value) == f"Setting {sentence}"
    assert f"`{caught.value.setting}`" in sentence


def test_the_schema_says_what_the_field_says() -> None:
    schema = schema_of(All)
    properties = schema["properties"]

    assert schema["required"] == ["name"]
    assert list(properties)[:5] == ["name", "word", "mode", "wait", "dry"]
    assert properties["wait"] == {
        "type": "integer", "minimum": 1, "title": "Wait", "description": "How long.", "default": 60,
    }  # fmt: skip
    assert (properties["word"]["secret"], properties["mode"]["enum"]) == (True, ["slow", "fast"])
    assert properties["lines"]["items"]["required"] == ["key"]
    assert properties["lines"]["items"]["properties"]["share"]["default"] == 2.5
    assert "hush" not in repr(read(All, {"name": "n", "word": "hush"}))


@pytest.mark.parametrize(("name", "text"), [("dry", "ja"), ("wait", "soon"), ("lines", "{"), ("by_name", "[]")])
def test_a_variable_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv("OURS_TABLES", "a,b")
    monkeypatch.setenv("OURS_DRY", "yes")
    check_environment(All, "OURS_")
    monkeypatch.setenv(f"OURS_{name.upper()}", text)

    with pytest.raises(ConfigurationError, match=f"^Setting `{name}` in the environment variable OURS_{name.upper()} "):
        check_environment(All, "OURS_")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("dryrun", "dry_run"),
        ("DRY-RUN", "dry_run"),
        ("reject", "rejects"),
        ("max_reject", "max_rejects"),
        ("acount_id", "account_id"),
        ("treams", "streams"),
        ("dry", "dry_run"),
        ("dry_run_only", "dry_run"),
        ("record_streams", ""),
        ("default_target_schema", ""),
        ("start_date", ""),
    ],
)
def test_a_name_that_is_close_to_a_setting_is_recognized(given: str, meant: str) -> None:
    known = ("dry_run", "rejects", "max_rejects", "account_id", "private_key", "private_key_path", "streams")
    assert [each.meant for each in stray_names(known, ["dry_run", "_extra", given])] == [meant]


def test_variables_that_meltano_sets_are_not_taken_for_misspelt_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"dry_run": {}, "rejects": {}, "max_rejects": {}, "account_id": {}, "streams": {"type": "object"}}
    ours = ("DRY_RUN", "_SELECT", "LOGLEVEL", "STREAMS_PEOPLE_MATCH", "EU_ACCOUNT_ID", "EU_SCHEME", "EU__SELECT")
    for name in (*ours, "DRYRUN", "MAXX_REJECTS", "COLOUR"):
        monkeypatch.setenv(f"OURS_{name}", "x")

    found = stray_variables(known, "OURS_")

    assert [(each.name, each.meant) for each in found] == [
        ("colour", ""), ("dryrun", "dry_run"), ("maxx_rejects", "max_rejects"),
    ]  # fmt: skip
    assert str(found[0].error) == (
        "Setting `colour` in the environment variable OURS_COLOUR does not exist and has no effect."
    )
    assert str(found[1].error) == (
        "Setting `dryrun` in the environment variable OURS_DRYRUN does not exist; did you mean `OURS_DRY_RUN`?"
    )
