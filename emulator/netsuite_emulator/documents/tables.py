"""Where the file cabinet keeps its files and folders."""

from __future__ import annotations

__all__ = ["FILE_TABLES"]

_FILE = "id BIGINT, name VARCHAR, folder BIGINT, mediatype VARCHAR, content BLOB, lastmodified TIMESTAMP"
FILE_TABLES = (
    "CREATE TABLE IF NOT EXISTS folder (id BIGINT, name VARCHAR, parent BIGINT, lastmodified TIMESTAMP)",
    f"CREATE TABLE IF NOT EXISTS file ({_FILE})",
)
