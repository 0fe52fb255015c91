"""A client for NetSuite's SuiteTalk REST web services.

from suitetalk import ConnectionSettings, NetSuite

with NetSuite(ConnectionSettings.from_mapping({"account_id": "1234567", ...})) as netsuite:
    netsuite.records.get("customer", "107")
    for row in netsuite.suiteql.rows("SELECT id, email FROM customer ORDER BY id"):
        ...
"""

from suitetalk.account import Account
from suitetalk.auth import Authentication, AuthorizationCode, ClientCredentials, SigningKey, TokenStore
from suitetalk.batches import BATCH_SIZE, Batch, Batches, BatchResult, TaskResult, in_batches
from suitetalk.client import ConcurrencyLimits, NetSuite, System
from suitetalk.errors import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    ErrorDetail,
    IncompleteResultError,
    InvalidArgumentError,
    InvalidRequestError,
    JobUnfinishedError,
    LoginNeededError,
    LoginRefusedError,
    NetSuiteError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ServerFaultError,
    SuiteTalkError,
)
from suitetalk.files import LARGEST_FILE, Files
from suitetalk.http.governor import Governor, Limiter, RetryPolicy, Traffic
from suitetalk.http.ledger import Permit
from suitetalk.http.places import governor_for
from suitetalk.http.response import PAGE_SIZE, READABLE_ROWS, Page
from suitetalk.jobs import Job, Jobs, PollPolicy, Task
from suitetalk.metadata import FieldShape, MetadataCatalog
from suitetalk.raw import Body, File, RawRequests, Retries
from suitetalk.records import Records
from suitetalk.settings import CONNECTION_SETTINGS, ConnectionSettings
from suitetalk.suiteql import Datasets, SuiteQL, quoted

__all__ = [
    "BATCH_SIZE",
    "CONNECTION_SETTINGS",
    "LARGEST_FILE",
    "PAGE_SIZE",
    "READABLE_ROWS",
    "Account",
    "Authentication",
    "AuthorizationCode",
    "Batch",
    "BatchResult",
    "Batches",
    "Body",
    "ClientCredentials",
    "ConcurrencyLimitError",
    "ConcurrencyLimits",
    "ConfigurationError",
    "ConnectionFailedError",
    "ConnectionSettings",
    "Datasets",
    "ErrorDetail",
    "FieldShape",
    "File",
    "Files",
    "Governor",
    "IncompleteResultError",
    "InvalidArgumentError",
    "InvalidRequestError",
    "Job",
    "JobUnfinishedError",
    "Jobs",
    "Limiter",
    "LoginNeededError",
    "LoginRefusedError",
    "MetadataCatalog",
    "NetSuite",
    "NetSuiteError",
    "NotFoundError",
    "OutcomeUnknownError",
    "Page",
    "PermissionDeniedError",
    "Permit",
    "PollPolicy",
    "RawRequests",
    "Records",
    "Retries",
    "RetryPolicy",
    "ServerFaultError",
    "SigningKey",
    "SuiteQL",
    "SuiteTalkError",
    "System",
    "Task",
    "TaskResult",
    "TokenStore",
    "Traffic",
    "governor_for",
    "in_batches",
    "quoted",
]
