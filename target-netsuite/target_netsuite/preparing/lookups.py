"""Internal ids of the records that intents mean, found by external id or by any field, a thousand in a request.

`Lookups.find` asks SuiteQL, and what SuiteQL does not show one by one (`OneByOne`). What was found is kept
(`KnownIds`), what a dry run would create is foreseen (`Foreseen`), and `resolved` puts the ids into a body.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from suitetalk import InvalidRequestError, NetSuiteError, NotFoundError, PermissionDeniedError, Records, SuiteQL
from suitetalk.record_tables import RecordTable, record_table, table_of
from suitetalk.records import is_external_id
from suitetalk.suiteql import both
from target_netsuite.errors import DIFFERS_IN_CASE, INVALID_TEXT
from target_netsuite.intents import Intent, Reference, Refusal
from target_netsuite.preparing.comparison import SCALARS, member
from target_netsuite.preparing.tables import (
    WORKBOOK,
    Effort,
    among,
    in_parts,
    is_about_statement,
    is_about_table,
    is_word,
    unknown_column,
)

logger = logging.getLogger(__name__)

_MOST = 20_000  # of one table and column; about 4 MB, and what is asked again costs one request for a thousand
_EXTERNAL_ID = "externalid"
_Place = tuple[RecordTable, str]
_NAMED = 5  # ids of an ambiguous look-up that a message names
REFERENCE = "REFERENCE"
RECORD = "RECORD"
"""What was looked up: something the record refers to, or the record itself."""

REFERENCE_NOT_FOUND = f"{REFERENCE}_NOT_FOUND"

Column = tuple[str, str]
"""A table and one of its columns, both in lower case."""

_ENOUGH = 100  # records that one value may fit before it is just ambiguous
EXTERNAL_ID = "externalId"
_INTERNAL_IDS = frozenset({"id", "internalid"})
_HARMLESS = "1"  # a text that is a number, too
_Column = tuple[RecordTable, str]


class Lookups:
    """Finds records by what their fields hold, with at most 1,000 values in a request. Thread-safe.

    Ids once found are kept. A look-up that fails raises, since it never means that something does not exist.
    """

    def __init__(
        self, suiteql: SuiteQL, records: Records, executor: Executor, *, referred_by: Collection[Column] = ()
    ) -> None:
        """Prepare.

        Args:
            suiteql: where to ask.
            records: where to ask for single records, where the role has no SuiteQL.
            executor: runs the requests; none of its tasks may wait for a look-up.
            referred_by: columns that records are found by besides their external ids, which `foresee` keeps.
        """
        self._suiteql = suiteql
        self._foreseen = Foreseen(referred_by)
        self._executor = executor
        self._one_by_one = OneByOne(records)
        self._known = KnownIds()
        self._lock = threading.Lock()
        self._unreadable: set[_Column] = set()
        self._unknown: set[_Column] = set()

    def find(
        self, referred: Iterable[Reference], *, own: Mapping[Reference, Effort] | None = None
    ) -> Mapping[Reference, Found]:
        """Return for each look-up the records that fit.

        Texts are compared exactly, so a number in a name is not taken for another way to write that number.

        Args:
            referred: records that others refer to; what is known of them is not asked again.
            own: records that are to be written or confirmed. NetSuite is always asked for these, and they stay unasked
                where that would cost more than they are worth.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
            ConnectionFailedError: no usable answer.
        """
        own = own or {}
        referred = dict.fromkeys(referred)
        found: dict[Reference, Found] = {}
        open_values: dict[tuple[_Column, bool], list[Reference]] = defaultdict(list)
        wanted = list(dict.fromkeys([*own, *referred]))
        for reference in wanted:
            answer = self._at_once(reference, fresh=reference in own)
            if answer is None:
                open_values[_column(reference), _folds(reference)].append(reference)
            else:
                found[reference] = answer
        parts = [(column, part) for (column, _), asked in open_values.items() for part in in_parts(asked)]
        rest: list[Reference] = []
        for answers in self._executor.map(lambda part: self._part(*part), parts):
            found |= answers
            unasked = [one for one, answer in answers.items() if answer.is_unasked]
            rest += [one for one in unasked if one in referred or own.get(one) is Effort.SINGLE]
        found |= zip(rest, self._executor.map(self._one_by_one.find, rest), strict=True)
        for references in open_values.values():
            for reference in references:
                self._keep(reference, found[reference])
        return {one: self._foreseen.corrected(one, found[one]) for one in wanted}

    def remember(self, record_type: str, external_id: str | None, internal_id: str) -> None:
        """Take note of a record that was written; its names, and with them its type's, may have changed."""
        table = record_table(record_type)
        self._known.drop_names(table)
        if external_id and internal_id:
            self._known.put(table, EXTERNAL_ID.lower(), external_id, internal_id)

    def forget(self, record_type: str, external_id: str | None) -> None:
        """Take note of a record that was deleted."""
        table = record_table(record_type)
        self._known.drop_names(table)
        if external_id:
            self._known.drop(table, external_id)

    def foresee(self, intent: Intent, internal_id: str, *, is_gone: bool) -> None:
        """Take note of what a dry run would have written or deleted, since later input may be about it."""
        if is_gone:
            self._foreseen.remove(intent)
        else:
            self._foreseen.add(intent, internal_id)

    def _at_once(self, sought: Reference, *, fresh: bool) -> Found | None:
        """Return what is known without asking, None for the rest."""
        if not sought.value:
            return Found()  # to NetSuite an empty text is null, which equals nothing
        if not _is_unicode(sought.value):
            return Found(problem="the value is not text that can be sent", code=INVALID_TEXT)
        if sought.by.lower() in _INTERNAL_IDS:
            return Found((sought.value,))
        table, column = _column(sought)
        if not (is_word(table.name) and is_word(column)):
            return Found(problem=f"{sought.record_type}.{sought.by} is not the name of a field", code="UNKNOWN_FIELD")
        known = None if fresh else self._known.get(table, column, sought.value)
        return Found((known,)) if known else None

    def _keep(self, sought: Reference, found: Found) -> None:
        if found.id and sought.case == "exact":
            self._known.put(*_column(sought), sought.value, found.id)

    def _part(self, column: _Column, sought: Sequence[Reference]) -> dict[Reference, Found]:
        """Ask for the values of one column that one statement can hold."""
        with self._lock:
            is_unreadable, is_unknown = column in self._unreadable, column in self._unknown
        if not (is_unreadable or is_unknown):
            try:
                return self._asked(column, sought)
            except NetSuiteError as refusal:
                is_unreadable, is_unknown = self._learn(column, refusal)
                if not (is_unreadable or is_unknown):
                    raise
        return dict.fromkeys(sought, Found(is_unasked=True) if is_unreadable else _unknown_field(sought[0]))

    def _learn(self, column: _Column, refusal: NetSuiteError) -> tuple[bool, bool]:
        """Return whether a refusal says that SuiteQL does not show a table, and whether it has no such column."""
        table, name = column
        is_refused = not is_about_table(refusal) and (
            bool(unknown_column(refusal)) or self._is_readable(table, refusal)
        )
        is_unknown = is_refused and name != EXTERNAL_ID.lower()
        is_unreadable = is_about_table(refusal) or (is_refused and not is_unknown)
        with self._lock:
            is_news = is_unreadable and column not in self._unreadable
            (self._unreadable if is_unreadable else self._unknown if is_unknown else set()).add(column)
        if is_news:
            remedy = "" if is_refused else f"; give the role {WORKBOOK} and the permission to view these records"
            logger.warning(
                "Records of type %s are looked up one by one, which is slow, since SuiteQL does not show %s%s (%s)",
                table.record_type or table.name, name, remedy, refusal.detail,
            )  # fmt: skip
        return is_unreadable, is_unknown

    def _is_readable(self, table: RecordTable, refusal: NetSuiteError) -> bool:
        """Tell whether SuiteQL shows a table after all, so that it is the column that was refused."""
        if not is_about_statement(refusal):
            return False
        try:
            self._suiteql.page(f"SELECT id FROM {table.name} WHERE {both('id = 1', table.condition)}", limit=1)
        except NetSuiteError as again:
            if not is_about_statement(again):
                raise
            return False
        return True

    def _asked(self, column: _Column, sought: Sequence[Reference]) -> dict[Reference, Found]:
        """Ask for some values; where NetSuite refuses one of them, find out which, so that the others are answered."""
        values = [reference.value for reference in sought]
        try:
            return self._answers(column, sought)
        except NetSuiteError as refusal:
            if not is_about_statement(refusal) or is_about_table(refusal) or unknown_column(refusal):
                raise
            if len(sought) > 1 or values != [_HARMLESS]:
                self._ids(column, [_HARMLESS])  # raises where it is not the values that are refused
            return self._halves(column, sought, refusal)

    def _halves(self, column: _Column, sought: Sequence[Reference], refusal: NetSuiteError) -> dict[Reference, Found]:
        """Ask for the halves of what was refused, and theirs, down to the values at fault."""
        found: dict[Reference, Found] = {}
        open_parts = [(list(sought), refusal)]
        while open_parts:
            part, refused = open_parts.pop()
            if len(part) == 1:
                found[part[0]] = Found.refused(refused)
                continue
            middle = len(part) // 2
            for half in (part[:middle], part[middle:]):
                try:
                    found |= self._answers(column, half)
                except NetSuiteError as error:
                    if not is_about_statement(error):
                        raise
                    open_parts.append((half, error))
        return found

    def _answers(self, column: _Column, sought: Sequence[Reference]) -> dict[Reference, Found]:
        """Return what fits; all of the values are compared in the same way."""
        ids = self._in_their_case(column, [one.value for one in sought], folds=_folds(sought[0]))
        spellings: dict[str, list[str]] = defaultdict(list)
        for text in ids:
            spellings[text.lower()].append(text)
        return {one: _in_any_case(one, {text: ids[text] for text in spellings[one.value.lower()]}) for one in sought}

    def _in_their_case(self, column: _Column, values: Sequence[str], *, folds: bool) -> dict[str, list[str]]:
        """Return the internal ids by value; those of other cases too, unless the column, such as a number, has none."""
        if folds:
            try:
                return self._ids(column, values, folds=True)
            except NetSuiteError as refusal:
                if not is_about_statement(refusal) or is_about_table(refusal) or unknown_column(refusal):
                    raise
        return self._ids(column, values)

    def _ids(self, column: _Column, values: Sequence[str], *, folds: bool = False) -> dict[str, list[str]]:
        """Return the internal ids by value; `folds` takes upper and lower case for the same."""
        table, name = column
        sought = among(f"LOWER({name})", [value.lower() for value in values]) if folds else among(name, values)
        condition = both(sought, table.condition)
        ids: dict[str, list[str]] = defaultdict(list)
        for row in self._suiteql.rows(f"SELECT id, {name} FROM {table.name} WHERE {condition} ORDER BY id"):
            ids[str(row.get(name))].append(str(row["id"]))
        return ids


def _column(sought: Reference) -> _Column:
    return record_table(sought.record_type), sought.by.lower()


def _folds(sought: Reference) -> bool:
    """Tell whether values are asked for that differ in case: a value without letters has no others."""
    return sought.case != "exact" and sought.value.lower() != sought.value.upper()


def _in_any_case(sought: Reference, ids: Mapping[str, Sequence[str]]) -> Found:
    """Return what a value finds among the records that have it in some spelling; the very value goes before others."""
    if sought.value in ids or sought.case == "ignore":
        of_spelling = [ids[sought.value]] if sought.value in ids else ids.values()
        return Found(tuple(one for found in of_spelling for one in found))
    if not ids or sought.case == "exact":
        return Found()
    return Found(
        problem=f"NetSuite has it only as {', '.join(map(repr, ids))}, which differs in upper and lower case",
        code=DIFFERS_IN_CASE,
        advice="set `case` in the stream's `match` to ignore if that is the same, or to exact if it is not",
    )


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be sent: halves of characters, which JSON can hold, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unknown_field(sought: Reference) -> Found:
    return Found(
        problem=f"SuiteQL has no column {sought.by.lower()} for {sought.record_type} that texts are compared with, or "
        "the role may not see it",
        code="UNKNOWN_FIELD",
        advice="look it up by a field that SuiteQL has, such as its external id",
    )


@dataclass(frozen=True)
class Found:
    """The answer to one look-up.

    Attributes:
        ids: internal ids of all records that fit, none when there is no such record.
        problem: why it is not known, in a sentence; `ids` says nothing then. Empty when it is known.
        code: what the problem is called, NetSuite's name or one of ours.
        status: HTTP status of NetSuite's refusal, None when it was none.
        advice: what to do about the problem.
        is_unasked: SuiteQL is not there for the type, and asking one by one was not wanted.
    """

    ids: tuple[str, ...] = ()
    problem: str = ""
    code: str = ""
    status: int | None = None
    advice: str = ""
    is_unasked: bool = False

    @property
    def id(self) -> str | None:
        """The internal id when there is exactly one, else None."""
        return self.ids[0] if len(self.ids) == 1 and not self.problem else None

    @property
    def is_absent(self) -> bool:
        """Whether it is certain that there is no such record."""
        return not self.ids and not self.problem and not self.is_unasked

    @classmethod
    def refused(cls, refusal: NetSuiteError) -> Found:
        """Return the answer to a look-up whose value NetSuite refuses."""
        return cls(
            problem=f"NetSuite says {refusal.detail!r}",
            code=refusal.code or "LOOKUP_REFUSED",
            status=refusal.status,
            advice=refusal.advice,
        )


NEW_RECORD = "(new)"
"""Stands for the internal id of a record that a dry run did not create."""


def refusal_of(sought: Reference, found: Found, path: str, what: str) -> Refusal:
    """Return why a record cannot be written whose look-up did not find exactly one.

    Args:
        sought: what was looked up.
        found: what came of it.
        path: the field that refers to it; of the record itself the field it is found by.
        what: `REFERENCE` or `RECORD`.
    """
    meant = f"{sought.record_type} with {sought.by} {sought.value!r}"
    if found.problem:
        return Refusal(
            "invalid",
            f"{meant[0].upper()}{meant[1:]} cannot be looked up: {found.problem}",
            path,
            found.code,
            found.status,
            found.advice,
        )
    if found.ids:
        named = ", ".join(found.ids[:_NAMED]) + (", …" if len(found.ids) > _NAMED else "")
        message = f"NetSuite has {len(found.ids)} records of type {meant}: internal ids {named}."
        return Refusal("invalid", message, path, f"{what}_AMBIGUOUS", advice="name one of them by its id")
    advice = "check the value, and that the role may view the record"
    return Refusal("invalid", f"NetSuite has no {meant}.", path, f"{what}_NOT_FOUND", advice=advice)


class OneByOne:
    """Finds records by external id with GET, and by other fields with a filtered list. Thread-safe."""

    def __init__(self, records: Records) -> None:
        """Ask this service."""
        self._records = records
        self._lock = threading.Lock()
        self._types: dict[str, bool] = {}

    def find(self, sought: Reference) -> Found:
        """Return what fits.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
            ConnectionFailedError: no usable answer.
        """
        try:
            if sought.by.lower() == "externalid" and is_external_id(sought.value):
                return self._by_external_id(sought)
            return self._by_field(sought)
        except PermissionDeniedError as refusal:
            return _not_permitted(sought, refusal)
        except InvalidRequestError as refusal:
            return Found.refused(refusal)

    def _by_external_id(self, sought: Reference) -> Found:
        """Read the record's id [section_156335203191]."""
        try:
            document = self._records.get(sought.record_type, f"eid:{sought.value}", fields=("id",))
        except NotFoundError:
            if self._exists(sought.record_type):
                return Found()
            problem = f"NetSuite shows the role no record type {sought.record_type}"
            return Found(
                problem=problem, code="RECORD_TYPE_NOT_FOUND", advice="check the type and the role's permissions"
            )
        return Found((str(document.get("id", "")),))

    def _by_field(self, sought: Reference) -> Found:
        """List what has the value [section_1545222128]; the filter may take upper and lower case for the same."""
        if not is_word(sought.by):
            return Found(problem=f"{sought.by!r} is not the name of a field", code="UNKNOWN_FIELD")
        text = sought.value.replace("\\", "\\\\").replace('"', '\\"')
        try:
            page = self._records.list(sought.record_type, q=f'{sought.by} IS "{text}"', limit=_ENOUGH)
        except NotFoundError as refusal:
            return Found.refused(refusal)
        ids: dict[str, list[str]] = defaultdict(list)
        for item in page.items:
            internal_id = str(item.get("id", ""))
            text = self._value(sought, internal_id)
            if text == sought.value or (_folds(sought) and text.lower() == sought.value.lower()):
                ids[text].append(internal_id)
        return _in_any_case(sought, ids)

    def _value(self, sought: Reference, internal_id: str) -> str:
        """Return what a record has in the field; of an object it is believed to be what was sought."""
        document = self._records.get(sought.record_type, internal_id, fields=(sought.by,))
        held = {name.lower(): value for name, value in document.items()}.get(sought.by.lower())
        return sought.value if isinstance(held, dict) else str(held)

    def _exists(self, record_type: str) -> bool:
        """Tell whether there is such a type: of a misspelt one, too, NetSuite says that a record does not exist."""
        with self._lock:
            known = self._types.get(record_type)
        if known is None:
            known = True
            with suppress(PermissionDeniedError):  # lists need more permissions than reading; the type is there
                try:
                    self._records.list(record_type, limit=1)
                except NotFoundError:
                    known = False
            with self._lock:
                self._types[record_type] = known
        return known


def _not_permitted(sought: Reference, refusal: PermissionDeniedError) -> Found:
    return Found(
        problem=f"the role may neither use SuiteQL nor lists of {sought.record_type}",
        code="LOOKUP_NOT_PERMITTED",
        status=refusal.status,
        advice=f"give the role {WORKBOOK} and the permission to view {sought.record_type}",
    )


class KnownIds:
    """Internal ids by table, column and value; those used last are kept. Thread-safe.

    That a value is not there is never kept: it may come at any time.
    """

    def __init__(self, most: int = _MOST) -> None:
        """Keep that many of each table and column."""
        self._most = most
        self._lock = threading.Lock()
        self._found: dict[_Place, OrderedDict[str, str]] = {}

    def get(self, table: RecordTable, column: str, value: str) -> str | None:
        """Return the internal id, None when it is not known."""
        with self._lock:
            found = self._found.get((table, column), OrderedDict())
            if value not in found:
                return None
            self._found[table, column].move_to_end(value)
            return found[value]

    def put(self, table: RecordTable, column: str, value: str, internal_id: str) -> None:
        """Keep an internal id."""
        with self._lock:
            found = self._found.setdefault((table, column), OrderedDict())
            found[value] = internal_id
            found.move_to_end(value)
            if len(found) > self._most:
                found.popitem(last=False)

    def drop(self, table: RecordTable, external_id: str) -> None:
        """Forget a record's external id."""
        with self._lock:
            self._found.get((table, _EXTERNAL_ID), OrderedDict()).pop(external_id, None)

    def drop_names(self, table: RecordTable) -> None:
        """Forget all of a table but its external ids: a write may have changed a name, or made it stand for two."""
        with self._lock:
            for place in [place for place in self._found if place[0] == table and place[1] != _EXTERNAL_ID]:
                del self._found[place]


class Foreseen:
    """What a dry run would have written and deleted, by what the records are known by. Thread-safe.

    External ids are kept as hashes, of a million records: two that are alike do no harm in a dry run.
    """

    def __init__(self, columns: Collection[Column] = ()) -> None:
        """Keep the values of these columns, besides external ids."""
        self._columns = columns
        self._by_external_id: dict[int, str] = {}
        self._spellings: dict[int, dict[str, list[str]]] = {}
        self._gone: set[int] = set()
        self._lock = threading.Lock()

    def add(self, intent: Intent, internal_id: str) -> None:
        """Take note of a record that would be written; one without an internal id would be created."""
        table, known_as = table_of(intent.record_type), internal_id or NEW_RECORD
        with self._lock:
            if intent.external_id:
                place = hash((table, _EXTERNAL_ID, intent.external_id))
                self._by_external_id[place] = known_as
                self._gone.discard(place)
            for place, value in self._named(intent, table):
                self._gone.discard(hash((place, value)))
                self._spellings.setdefault(place, {})[value] = [known_as]

    def remove(self, intent: Intent) -> None:
        """Take note of a record that would be deleted."""
        table = table_of(intent.record_type)
        with self._lock:
            if intent.external_id:
                place = hash((table, _EXTERNAL_ID, intent.external_id))
                self._by_external_id.pop(place, None)
                self._gone.add(place)
            for place, value in self._named(intent, table):
                self._spellings.get(place, {}).pop(value, None)
                self._gone.add(hash((place, value)))

    def corrected(self, sought: Reference, found: Found) -> Found:
        """Return what a look-up that found this would find if nothing were dry."""
        if found.problem or found.is_unasked:
            return found
        table, column = table_of(sought.record_type), sought.by.lower()
        with self._lock:
            if column == _EXTERNAL_ID:
                place = hash((table, column, sought.value))
                known_as = self._by_external_id.get(place)
                ours = Found((known_as,) if known_as else ())
                is_gone = place in self._gone
            else:
                place = hash((table, column, sought.value.lower()))
                ours = _in_any_case(sought, self._spellings.get(place, {}))
                is_gone = hash((place, sought.value)) in self._gone
        there = () if is_gone else found.ids
        return (
            replace(ours, ids=tuple(dict.fromkeys((*there, *ours.ids)))) if ours.ids or is_gone or not there else found
        )

    def _named(self, intent: Intent, table: str) -> Iterator[tuple[int, str]]:
        """Yield what a record is called in the columns that are kept, each with its place."""
        for other, column in self._columns:
            if other != table or column == _EXTERNAL_ID:
                continue
            value = member(intent.body, column)
            if value is None and intent.match and intent.match.field.lower() == column:
                value = intent.match.value
            if value is not None:
                yield hash((table, column, str(value).lower())), str(value)


class UnresolvedError(Exception):
    """A reference leads to no record, to several, or it is not known to which.

    Attributes:
        refusal: why the record that has it cannot be written.
    """

    def __init__(self, refusal: Refusal) -> None:
        """Keep the refusal."""
        super().__init__(refusal.message)
        self.refusal = refusal


def references_in(value: Any) -> Iterator[Reference]:
    """Yield the references of a body, at any depth."""
    if isinstance(value, SCALARS):
        return
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from references_in(inner)


def resolved(value: Any, found: Mapping[Reference, Found], path: str = "") -> Any:
    """Return a body with an id in the place of each reference.

    Args:
        value: the body, or a part of it.
        found: what the look-ups of its references found.
        path: where the part stands, such as `item.items[0].item`.

    Raises:
        UnresolvedError: a look-up did not find exactly one record.
    """
    if isinstance(value, SCALARS):
        return value
    if isinstance(value, Reference):
        internal_id = found[value].id
        if internal_id is None:
            raise UnresolvedError(refusal_of(value, found[value], path, REFERENCE))
        return {"id": internal_id}
    if isinstance(value, Mapping):
        return {name: resolved(inner, found, f"{path}.{name}" if path else name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(inner, found, f"{path}[{number}]") for number, inner in enumerate(value)]
    return value
