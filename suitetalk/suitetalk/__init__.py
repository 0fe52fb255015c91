"""A client for NetSuite's SuiteTalk REST web services.

from suitetalk import ConnectionSettings, NetSuite

with NetSuite(ConnectionSettings.from_mapping({"account_id": "1234567", ...})) as netsuite:
    netsuite.records.get("customer", "107")
    for row in netsuite.suiteql.rows("SELECT id, email FROM customer ORDER BY id"):
        ...
"""

from suitetalk.account import Account
from suitetalk.auth import Authentication, AuthorizationCode, ClientCredentials, SigningKey, TokenStore
from suitetalk.batch import BATCH_SIZE, Batch, in_batches
from suitetalk.batch_results import BatchResult, TaskResult
from suitetalk.batches import Batches
from suitetalk.client import NetSuite
from suitetalk.datasets import Datasets
from suitetalk.errors import (
    ConcurrencyLimitError,
    ConfigurationError,
    ConnectionFailedError,
    ErrorDetail,
    IncompleteResultError,
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
from suitetalk.governor import Governor, Limiter, Permit
from suitetalk.jobs import Job, Jobs, Task
from suitetalk.metadata import MetadataCatalog
from suitetalk.pages import PAGE_SIZE, READABLE_ROWS, Page
from suitetalk.polling import PollPolicy
from suitetalk.raw import Body, File, RawRequests, Retries
from suitetalk.records import Records
from suitetalk.retry import RetryPolicy
from suitetalk.settings import CONNECTION_SETTINGS, ConnectionSettings
from suitetalk.shapes import FieldShape
from suitetalk.suiteql import SuiteQL, quoted
from suitetalk.system import ConcurrencyLimits, System
from suitetalk.traffic import Traffic

__all__ = [
    "BATCH_SIZE",
    "CONNECTION_SETTINGS",
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
    "Governor",
    "IncompleteResultError",
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
    "in_batches",
    "quoted",
]
