"""Everything a real account needs, checked one by one, each with what to do about it."""

from suitetalk.doctor.examination import WANTED_TYPES, examine
from suitetalk.doctor.finding import Finding, Outcome

__all__ = ["WANTED_TYPES", "Finding", "Outcome", "examine"]
