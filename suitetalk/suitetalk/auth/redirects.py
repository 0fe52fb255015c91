"""Redirect addresses of the authorization code grant: which may be used, and what an answer in one says."""

from __future__ import annotations
