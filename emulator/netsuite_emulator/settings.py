"""Everything that can be chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from netsuite_emulator.clock import DATE_FORMATS
from netsuite_emulator.company.settings import CompanySettings, SettingsError
from netsuite_emulator.company.views import VIEWS

if TYPE_CHECKING:
    from netsuite_emulator.company.description import Company

__all__ = [
    "REFUSED_SCHEMES",
    "SAMPLE_DATASETS",
    "AsyncSettings",
    "Change",
    "Churn",
    "Dataset",
    "Role",
    "Settings",
    "SettingsError",
    "SignInSettings",
]


_DAY = 86400.0
REFUSED_SCHEMES = ("http", "javascript", "data", "file", "")


@dataclass(frozen=True, kw_only=True)
class SignInSettings:
    """The integration records, what they allow, and how long things last (seconds)."""

    # the integration record with a secret
    client_id: str = "emulator-client"
    client_secret: str = "emulator-client-secret"  # noqa: S105 - the account is made up
    certificate_id: str = "emulator-certificate"
    token_id: str = "emulator-token"  # noqa: S105 - of a NetSuite that holds no secrets
    token_secret: str = "emulator-token-secret"  # noqa: S105 - the same
    # the one without
    public_client_id: str = "emulator-public-client"
    # of both
    redirect_uris: tuple[str, ...] = ("https://localhost:8111/callback", "netsuite-emulator://callback")
    http_redirects: bool = False
    consent: str = "ask"
    pkce_required: bool = False
    authorization_code_grant: bool = True
    client_credentials_grant: bool = True
    token_based_authentication: bool = True
    # how long things last
    clock_offset: float = 0.0
    token_lifetime: float = 3600.0
    code_lifetime: float = 600.0
    refresh_token_lifetime: float = 7 * _DAY
    public_refresh_token_lifetime: float = 2 * _DAY
    public_rotation_lifetime: float = 7 * _DAY
    timestamp_tolerance: float = 300.0
    lockout_failures: int = 5
    lockout_seconds: float = 1800.0
    # open points
    access_token_algorithm: str = "RS256"  # noqa: S105 - a name
    expires_in_as_text: bool = False


@dataclass(frozen=True, kw_only=True)
class AsyncSettings:
    """How jobs run, how long they are remembered (seconds), and how they look."""

    job_seconds: float = 0.0
    async_processors: int = 2
    # open points
    batches_sequential: bool = True
    tasks_in_one_item: bool = True
    tasks_in_input_order: bool = True
    batch_requests: bool = True
    progress_while_running: str = "pending"
    job_retention: float | None = None
    idempotency_lifetime: float | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role, and the employee who has it; record types are named in any case.

    Args:
        id: the role's internal id, as redirects and tokens name it.
        name: its name.
        entity: the internal id of the employee.
        analytics: the permission SuiteAnalytics Workbook, needed for lists, `q`, SuiteQL and datasets.
        not_listed: types that can be read one by one and not listed.
        view_only: types that can be read and listed and not written.
        reads_in_edit_mode: GET fails for `view_only` types, since NetSuite loads records in edit mode
            [subsect_1544786455].
        manages_certificates: the permission Manage own OAuth 2.0 Client Credentials Certificates.
        administrator: may read `governanceLimits` [article_0625010817].
    """

    id: int = 1042
    name: str = "Integration"
    entity: int = -5
    analytics: bool = True
    not_listed: frozenset[str] = field(default_factory=frozenset)
    view_only: frozenset[str] = field(default_factory=frozenset)
    reads_in_edit_mode: bool = False
    manages_certificates: bool = True
    administrator: bool = True

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
        if table is None or table.name in VIEWS or len(table.key) > 1:
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


_WORDS = {"consent": ("ask", "allow", "deny"), "access_token_algorithm": ("RS256", "PS256")}


@dataclass(frozen=True, kw_only=True)
class Settings(SignInSettings, AsyncSettings, CompanySettings):
    """The account, its company, its limits, and the answers the documentation leaves open.

    Durations are seconds. Everything below the line "open points" is a choice where no source says what NetSuite does.
    """

    # where it listens
    host: str = "127.0.0.1"
    port: int = 0
    # the account
    account_id: str = "1234567_SB1"
    certificates: tuple[tuple[str, Path], ...] = ()
    credentials_directory: Path | None = None
    date_format: str = "M/D/YYYY"
    time_zone: str = "America/Los_Angeles"
    language: str = "en-US"
    role: Role = field(default_factory=Role)
    datasets: tuple[Dataset, ...] = SAMPLE_DATASETS
    churn: Churn | None = None
    # limits and speed
    concurrency_limit: int = 5
    integration_concurrency_limit: int | None = None
    latency: float = 0.0
    query_row_limit: int = 100_000
    record_row_limit: int = 100_000
    # open points
    retry_after: float | None = None
    query_parameters: bool = True
    datetime_with_time: bool = False
    metadata_describes_record: bool = True
    warning_header: str = "X-NetSuite-Warning"
    leading_zero: bool = True

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
        self._check_ranges()
        self.check_company()
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                raise SettingsError(f"{name} must be one of {', '.join(words)}.")

    def _check_ranges(self) -> None:
        for name in ("concurrency_limit", "query_row_limit", "record_row_limit", "async_processors"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more.")
        for name in ("latency", "job_seconds"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} must not be negative.")
        own = self.integration_concurrency_limit
        if own is not None and not 1 <= own < self.concurrency_limit:  # one at least stays unallocated
            raise SettingsError("integration_concurrency_limit must be 1 or more, and below concurrency_limit.")

    @property
    def host_label(self) -> str:
        """The account as it stands in host names [section_4609939018]."""
        return self.account_id.lower().replace("_", "-")

    @property
    def realm(self) -> str:
        """The account as it stands in realms: upper case, underscore [reference 1.2]."""
        return self.account_id.upper().replace("-", "_")
