"""The role callers act in: what it may see, list and change."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Role"]


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
