"""Everything that can be chosen, each setting with its default and its description in one place.

A new setting is a field with `setting(default, "what it does")`: `options.py` makes its check and its option of it,
and `make settings` its row in the README.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from netsuite_emulator.clock import DATE_FORMATS
from netsuite_emulator.company.description import Company
from netsuite_emulator.company.settings import CompanySettings, named_file, named_number
from netsuite_emulator.company.views import VIEWS
from netsuite_emulator.faults import Fault
from netsuite_emulator.options import SettingsError, check_values, setting, unknown_name

__all__ = [
    "REFUSED_SCHEMES",
    "Change",
    "Churn",
    "Dataset",
    "JobSettings",
    "Role",
    "Settings",
    "SettingsError",
    "SignInSettings",
]


_DAY = 86400.0
REFUSED_SCHEMES = ("http", "javascript", "data", "file", "")


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """Signing in (durations in seconds)."""

    client_id: str = setting("emulator-client", "Client id of the integration record that has a secret.")
    client_secret: str = setting(
        "emulator-client-secret", "Its client secret, and the consumer secret of token-based authentication."
    )
    certificate_id: str = setting("emulator-certificate", "Id of the certificate that the emulator makes.")
    token_id: str = setting("emulator-token", "Token id for token-based authentication.")
    token_secret: str = setting("emulator-token-secret", "Token secret for token-based authentication.")
    public_client_id: str = setting("emulator-public-client", "Client id of the public client, which has no secret.")
    redirect_uris: tuple[str, ...] = setting(
        ("https://localhost:8111/callback", "netsuite-emulator://callback"),
        "A redirect URI that is registered with both integration records.",
        option="--redirect-uri", metavar="URI",
    )  # fmt: skip
    http_redirects: bool = setting(
        False, "Take redirect URIs with plain http, which NetSuite's documentation refuses, even on the loopback."
    )
    consent: str = setting(
        "ask", "How the consent page answers: `allow` and `deny` at once.", choices=("ask", "allow", "deny")
    )
    pkce_required: bool = setting(False, "Require PKCE of the confidential client; the public one always needs it.")
    authorization_code_grant: bool = setting(True, "Whether the integration record allows the code grant.")
    client_credentials_grant: bool = setting(True, "Whether the integration record allows client credentials.")
    token_based_authentication: bool = setting(True, "Whether the integration record allows token-based logins.")
    clock_offset: float = setting(0.0, "How many seconds the account's clock is ahead.")
    token_lifetime: float = setting(3600.0, "How long an access token lives.")
    refresh_token_lifetime: float = setting(
        7 * _DAY, "How long a refresh token of the confidential client lives; it is not rotated."
    )
    public_refresh_token_lifetime: float = setting(
        2 * _DAY, "How long a refresh token of the public client lives; it works once."
    )
    public_rotation_lifetime: float = setting(
        7 * _DAY, "After how long the user of the public client must consent again."
    )
    timestamp_tolerance: float = setting(300.0, "How far a time stamp of token-based authentication may be off.")
    lockout_failures: int = setting(5, "After how many refused token-based logins in a row the token is locked.")
    lockout_seconds: float = setting(1800.0, "How long it stays locked.")
    code_lifetime: float = setting(600.0, "How long an authorization code lives, in seconds.", open_point=True)
    access_token_algorithm: str = setting(
        "RS256", "Algorithm of access tokens: PS256 in NetSuite's text, RS256 in its samples.",
        choices=("RS256", "PS256"), open_point=True,
    )  # fmt: skip
    expires_in_as_text: bool = setting(
        False, "Whether `expires_in` is a text or a number.",
        option="--expires-in-as-text/--expires-in-as-number", open_point=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """Jobs and batches."""

    job_seconds: float = setting(0.0, "Seconds that each task of a job takes.", at_least=0)
    queue_seconds: float = setting(
        0.0, "Seconds that a job waits before its first task begins, whatever its size.", at_least=0
    )
    job_overhead_seconds: float = setting(
        0.0, "Seconds that a sequential job occupies its processor besides its tasks, whatever its size.", at_least=0
    )
    async_processors: int = setting(
        2, "How many tasks run at once; one after the other, those of a job are one processor's.", at_least=1
    )
    batches_sequential: bool = setting(
        True, "How batches run that do not say; one after the other since release 2026.2.",
        option="--batches-sequential/--batches-parallel", open_point=True,
    )  # fmt: skip
    tasks_in_one_item: bool = setting(
        True, "Task list of a batch: all links in one item, as in the help's sample, or an item for each.",
        open_point=True,
    )  # fmt: skip
    tasks_in_input_order: bool = setting(
        True, "How the tasks of a batch are numbered.",
        option="--tasks-in-input-order/--tasks-shuffled", open_point=True,
    )  # fmt: skip
    batch_requests: bool = setting(True, "Whether the account takes batches.", open_point=True)
    progress_while_running: str = setting("pending", "`progress` of a job that runs.", open_point=True)
    job_retention: float | None = setting(
        None, "How many seconds jobs are remembered; as long as the emulator runs without it.", open_point=True
    )
    idempotency_lifetime: float | None = setting(
        None, "How many seconds idempotency keys are remembered; as long as the emulator runs without it.",
        open_point=True,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Role:
    """The role, and the employee who has it."""

    id: int = 1042
    name: str = "Integration"
    entity: int = -5
    analytics: bool = setting(
        True, "The permission SuiteAnalytics Workbook, needed for lists, `q`, SuiteQL and datasets."
    )
    not_listed: frozenset[str] = setting(
        frozenset(), "A record type that the role may read one by one and not list.", metavar="RECORD_TYPE"
    )
    view_only: frozenset[str] = setting(
        frozenset(), "A record type that the role may read and list and not write.", metavar="RECORD_TYPE"
    )
    reads_in_edit_mode: bool = setting(
        False,
        "GET of `--view-only` types fails, since NetSuite loads records in edit mode [subsect_1544786455].",
        open_point=True,
    )
    manages_certificates: bool = setting(True, "The permission Manage own OAuth 2.0 Client Credentials Certificates.")
    administrator: bool = setting(True, "Whether the role may read `governanceLimits` [article_0625010817].")

    def __post_init__(self) -> None:
        """Names of types are kept in lower case."""
        for name in ("not_listed", "view_only"):
            object.__setattr__(self, name, frozenset(part.lower() for part in getattr(self, name)))


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A saved dataset; `query` is the SuiteQL statement it stands for."""

    id: str
    name: str
    query: str
    description: str = ""


SAMPLE_DATASETS = (
    Dataset(
        id="custdataset_customers",
        name="Customers",
        query="SELECT id, entityid, companyname, email, datecreated FROM customer ORDER BY id",
    ),
    Dataset(
        id="custdataset_open_invoices",
        name="Open Invoices",
        query="SELECT id, tranid, trandate, BUILTIN.DF(entity) AS customer, foreigntotal FROM transaction "
        "WHERE type = 'CustInvc' AND BUILTIN.CF(status) = 'CustInvc:A' ORDER BY id",
        description="Invoices that are not paid.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Churn:
    """Changes to one table, made before each n-th page that is asked for.

    Args:
        table: the table, which must have a key of one column.
        every: how many requests for pages of SuiteQL, datasets or lists there are to one round of changes.
        inserts: rows added in a round, as copies of others; only to tables of record types.
        updates: rows that get the present moment as their stamp in a round.
        deletes: rows deleted in a round, with what belongs to them; records that others refer to are left.
        column: a text column whose value an update changes, too.
        times: how many rounds there are; None for no end.
        seed: the same seed picks the same rows of the same data.
    """

    table: str
    every: int = 10
    inserts: int = 1
    updates: int = 1
    deletes: int = 1
    column: str | None = None
    times: int | None = None
    seed: int = 0

    def check(self, company: Company) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: the table or the column does not fit, or a number is out of its range.
        """
        table = company.tables.get(self.table)
        if table is None:
            raise unknown_name("table", self.table, company.tables)
        if table.name in VIEWS or len(table.key) > 1:
            raise SettingsError(f"The table {self.table} cannot be changed: name a stored one with a single key.")
        if self.inserts and not company.types_of_table(table.name):
            raise SettingsError(f"No rows can be added to {table.name}, which has no record type: set inserts to 0.")
        if self.column is not None and table.column(self.column) is None:
            raise SettingsError(f"The table {table.name} has no column {self.column}.")
        if self.every < 1:
            raise SettingsError("every must be 1 or more.")


@dataclass(frozen=True)
class Change:
    """What was done to a row: `action` is insert, update or delete, `time` the account's, seconds since the epoch."""

    table: str
    key: int
    action: str
    time: float


def _saved_dataset(text: str) -> Dataset:
    name, _, query = text.partition("=")
    if not name or not query:
        raise SettingsError(f"The dataset '{text}' cannot be read: write ID=SUITEQL.")
    return Dataset(id=name, name=name, query=query)


def _churned(text: str) -> Churn:
    table, every = named_number(text if "=" in text else f"{text}=10")
    return Churn(table=table, every=every)


def _fault(text: str) -> Fault:
    try:
        return Fault(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise SettingsError(f"The fault {text} cannot be used: {error}") from None


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """The account."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    control_hosts: tuple[str, ...] = setting(
        (),
        "A name or address, as it stands in `Host`, under which the page and the control end points answer other "
        "machines as well; on the loopback address they answer without it.",
        option="--control-host", metavar="HOST",
    )  # fmt: skip
    port: int = setting(0, "Port to listen on; 0 takes a free one.", command_default=8100)
    account_id: str = setting("1234567_SB1", "Account id, as NetSuite shows it.")
    certificates: tuple[tuple[str, Path], ...] = setting(
        (), "Register your own certificate (PEM), under `certificate_id` unless an id is given.",
        option="--certificate", metavar="[ID=]FILE", read=named_file,
    )  # fmt: skip
    credentials_directory: Path | None = setting(
        None,
        "Keep the key pair made for callers here (`private_key.pem`, `certificate.pem`) and use one that is there "
        "already; a new one each time without it.",
        option="--credentials-dir",
    )
    date_format: str = setting("M/D/YYYY", "Date format preference, such as DD.MM.YYYY.")
    time_zone: str = setting("America/Los_Angeles", "Time zone preference, an IANA name.")
    language: str = setting("en-US", "The company's language; any other `Accept-Language` is refused.")
    role: Role = field(default_factory=Role)
    datasets: tuple[Dataset, ...] = setting(
        SAMPLE_DATASETS, "A saved dataset.", option="--dataset", metavar="ID=SUITEQL", read=_saved_dataset
    )
    churn: Churn | None = setting(
        None, "Change rows of this table before each tenth page that is read, or as often as said.",
        metavar="TABLE[=EVERY]", read=_churned,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """Limits and speed."""

    concurrency_limit: int = setting(
        5, "Governed requests at once before 429; token requests are not counted.", at_least=1
    )
    integration_concurrency_limit: int | None = setting(
        None, "The part of it that is kept for this integration; then that is the limit.", at_least=1
    )
    latency: float = setting(0.0, "Seconds that each request takes at least; its work is done within them.", at_least=0)
    query_row_limit: int = setting(100_000, "After how many rows of SuiteQL reading ends, in silence.", at_least=1)
    record_row_limit: int = setting(100_000, "After how many records of a list reading ends, in silence.", at_least=1)
    retry_after: float | None = setting(
        None, "Send `Retry-After` with a 429, in seconds; NetSuite documents none.", open_point=True
    )


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """How requests are answered."""

    faults: tuple[Fault, ...] = setting(
        (), "A fault that is switched on from the start, as JSON with the fields of `Fault`.",
        option="--fault", metavar="JSON", read=_fault,
    )  # fmt: skip
    column_cap: int | None = setting(
        None,
        "A SELECT of more columns than this answers 0 rows, without an error [reference 14.2].",
        at_least=1, open_point=True,
    )  # fmt: skip
    refused_counts: str = setting(
        "none",
        'Which counts SuiteQL refuses as "Invalid or unsupported search": `COUNT(*)` without a filter, any `COUNT(*)`, '
        "or any `COUNT` [reference 14.2].",
        choices=("none", "unfiltered", "star", "all"), open_point=True,
    )  # fmt: skip
    failing_statements: tuple[str, ...] = setting(
        (),
        "SuiteQL statements that this pattern is found in are refused with 500 UNEXPECTED_ERROR, each time "
        "[reference 14.2].",
        option="--failing-statement", metavar="REGEX",
    )  # fmt: skip
    refused_statements: tuple[str, ...] = setting(
        (), 'SuiteQL statements that this pattern is found in are refused as "Invalid or unsupported search".',
        option="--refused-statement", metavar="REGEX",
    )  # fmt: skip

    ignores_offset: bool = setting(
        True, "SuiteQL ignores `OFFSET` in a statement, without an error [reference 14.2].", open_point=True
    )
    shuffled_pages: bool = setting(
        False, "Each page of a SuiteQL statement without `ORDER BY` has its rows in another order.", open_point=True
    )
    previous_page: str = setting(
        "previous", "How the link to the page before is named: `previous` in recordings [reference 14.1].",
        choices=("previous", "prev"), open_point=True,
    )  # fmt: skip
    malformed_ids: str = setting(
        "INVALID_ID",
        "How an id that cannot be one is refused: 400 INVALID_ID, as in recordings, or 404 NONEXISTENT_ID.",
        choices=("INVALID_ID", "NONEXISTENT_ID"), open_point=True,
    )  # fmt: skip
    blanks_in_addresses: bool = setting(
        True, "Whether a path may hold an encoded blank; without it 400, as in one account [reference 14.1].",
        open_point=True,
    )  # fmt: skip
    single_selected: bool = setting(
        False, "`metadata-catalog?select=` of one type answers an object, not a list [reference 14.1].", open_point=True
    )
    times_in_filters: bool = setting(
        False, "Whether `q` takes a time of day after a date; some accounts do [reference 14.1].", open_point=True
    )
    untyped_fields: bool = setting(
        False, "Fields that hold an object have `properties` and no `type` in JSON Schema [reference 14.1].",
        open_point=True,
    )  # fmt: skip
    query_parameters: bool = setting(True, "Whether SuiteQL takes `params`, as from release 2026.2.", open_point=True)
    datetime_with_time: bool = setting(
        False, "How SuiteQL shows date-times without `TO_CHAR`.",
        option="--datetime-with-time/--datetime-without-time", open_point=True,
    )  # fmt: skip
    multi_select_separator: str = setting(
        ", ", "What stands between the ids of a multi-select in SuiteQL [reference 5.3].", open_point=True
    )
    leading_zero: bool = setting(True, "Whether SuiteQL shows 0.5 or .5.", open_point=True)
    metadata_describes_record: bool = setting(
        True, "Whether `describes` of the metadata list links to the record, the recorded form, or to its metadata.",
        option="--metadata-describes-record/--metadata-describes-metadata", open_point=True,
    )  # fmt: skip
    warning_header: str = setting(
        "X-NetSuite-PropertyValidation", "Header that carries warnings about bodies.", open_point=True
    )


@dataclass(frozen=True, kw_only=True)
class Settings(AnswerSettings, LimitSettings, JobSettings, SignInSettings, CompanySettings, AccountSettings):
    """The account, its company, its limits, and the answers the documentation leaves open."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: a value is out of its range or unknown.
        """
        if not re.fullmatch(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*", self.account_id):
            raise SettingsError(f"'{self.account_id}' is not an account id: letters and digits, such as 1234567_SB1.")
        if self.date_format.upper() not in DATE_FORMATS:
            known = ", ".join(DATE_FORMATS)
            raise SettingsError(f"Unknown date format '{self.date_format}'. Known formats: {known}.")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(
                f"Unknown time zone '{self.time_zone}': use an IANA name such as Europe/Berlin."
            ) from None
        check_values(self)
        for pattern in (*self.failing_statements, *self.refused_statements):
            try:
                re.compile(pattern)
            except re.error as error:
                raise SettingsError(f"'{pattern}' is not a regular expression: {error}.") from None
        self.check_company()
        own = self.integration_concurrency_limit
        if own is not None and own >= self.concurrency_limit:  # one at least stays unallocated
            raise SettingsError("integration_concurrency_limit must be below concurrency_limit.")
        certificates = tuple((name or self.certificate_id, path) for name, path in self.certificates)
        object.__setattr__(self, "certificates", certificates)

    def check(self, company: Company) -> None:
        """Refuse what does not fit the company.

        Raises:
            SettingsError: a table, column or record type does not exist, or cannot be used.
        """
        for name in sorted(self.role.not_listed | self.role.view_only):
            if name not in company.record_types:
                raise unknown_name("record type", name, company.record_types)
        if self.churn is not None:
            self.churn.check(company)

    @property
    def host_label(self) -> str:
        """The account as it stands in host names [section_4609939018]."""
        return self.account_id.lower().replace("_", "-")

    @property
    def realm(self) -> str:
        """The account as it stands in realms: upper case, underscore [reference 1.2]."""
        return self.account_id.upper().replace("-", "_")
