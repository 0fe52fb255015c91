"""Internal ids by external id, or by any other field, many at once."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from concurrent.futures import Executor

from suitetalk import NetSuiteError, Records, SuiteQL
from suitetalk.record_tables import RecordTable, record_table
from target_netsuite.intents import Intent, Reference
from target_netsuite.preparing.foreseen import NEW, Column, Foreseen
from target_netsuite.preparing.found import Found
from target_netsuite.preparing.known_ids import KnownIds
from target_netsuite.preparing.one_by_one import OneByOne
from target_netsuite.preparing.query_refusals import (
    WORKBOOK,
    is_about_statement,
    is_about_table,
    is_word,
    unknown_column,
)
from target_netsuite.preparing.statements import among, both, in_parts

logger = logging.getLogger(__name__)

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
            referred_by: columns that references go by, which `foresee` keeps.
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
        self,
        sought: Iterable[Reference],
        *,
        fresh: Container[Reference] = (),
        in_bulk_only: Container[Reference] = (),
    ) -> Mapping[Reference, Found]:
        """Return for each look-up the records that fit.

        Texts are compared exactly, so a number in a name is not taken for another way to write that number.

        Args:
            sought: what to look up.
            fresh: those of them to ask NetSuite for although they are known.
            in_bulk_only: those of them that must not cost a request each; where SuiteQL does not show them, they stay
                unasked.

        Raises:
            NetSuiteError: NetSuite cannot be asked now.
            ConnectionFailedError: no usable answer.
        """
        found: dict[Reference, Found] = {}
        open_values: dict[_Column, list[Reference]] = defaultdict(list)
        wanted = list(dict.fromkeys(sought))
        for reference in wanted:
            answer = self._at_once(reference, fresh=reference in fresh)
            if answer is None:
                open_values[_column(reference)].append(reference)
            else:
                found[reference] = answer
        parts = [(column, part) for column, asked in open_values.items() for part in in_parts(asked)]
        rest: list[Reference] = []
        for answers in self._executor.map(lambda part: self._part(*part), parts):
            found |= answers
            rest += [one for one, answer in answers.items() if answer.is_unasked and one not in in_bulk_only]
        found |= zip(rest, self._executor.map(self._one_by_one.find, rest), strict=True)
        for references in open_values.values():
            for reference in references:
                self._keep(reference, found[reference])
        return {
            one: Found((NEW,)) if found[one].is_absent and one not in fresh and one in self._foreseen else found[one]
            for one in wanted
        }

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

    def foresee(self, intent: Intent) -> None:
        """Take note of a record that a dry run would have created, so that references to it are not refused."""
        self._foreseen.add(intent)

    def _at_once(self, sought: Reference, *, fresh: bool) -> Found | None:
        """Return what can be told without asking, None for the rest."""
        if not sought.value:
            return Found()  # to NetSuite an empty text is null, which equals nothing
        if not _is_unicode(sought.value):
            return Found(problem="the value is no text that can be sent", code="INVALID_TEXT")
        if sought.by.lower() in _INTERNAL_IDS:
            return Found((sought.value,))
        table, column = _column(sought)
        if not (is_word(table.name) and is_word(column)):
            return Found(problem=f"{sought.record_type}.{sought.by} is no name of a field", code="UNKNOWN_FIELD")
        known = None if fresh else self._known.get(table, column, sought.value)
        return Found((known,)) if known else None

    def _keep(self, sought: Reference, found: Found) -> None:
        if found.id:
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
            ids = self._ids(column, values)
        except NetSuiteError as refusal:
            if not is_about_statement(refusal) or is_about_table(refusal) or unknown_column(refusal):
                raise
            if len(sought) > 1 or values != [_HARMLESS]:
                self._ids(column, [_HARMLESS])  # raises where it is not the values that are refused
            return self._halves(column, sought, refusal)
        return {reference: Found(tuple(ids.get(reference.value, ()))) for reference in sought}

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
                    ids = self._ids(column, [reference.value for reference in half])
                except NetSuiteError as error:
                    if not is_about_statement(error):
                        raise
                    open_parts.append((half, error))
                else:
                    found |= {reference: Found(tuple(ids.get(reference.value, ()))) for reference in half}
        return found

    def _ids(self, column: _Column, values: Sequence[str]) -> dict[str, list[str]]:
        """Return the internal ids by value."""
        table, name = column
        condition = both(among(name, values), table.condition)
        ids: dict[str, list[str]] = defaultdict(list)
        for row in self._suiteql.rows(f"SELECT id, {name} FROM {table.name} WHERE {condition} ORDER BY id"):
            ids[str(row.get(name))].append(str(row["id"]))
        return ids


def _column(sought: Reference) -> _Column:
    return record_table(sought.record_type), sought.by.lower()


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
