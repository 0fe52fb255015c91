"""Names found by other spellings of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_netsuite.mapping.catalog import Names, squeezed

_NAME = st.text("abAB_", min_size=1, max_size=5)


@given(st.lists(_NAME, unique=True, max_size=6), _NAME)
def test_a_name_is_found_as_comparing_with_each_would(known: list[str], wanted: str) -> None:
    same = [name for name in known if name == wanted]
    same_letters = [name for name in known if name.lower() == wanted.lower()]
    same_words = [name for name in known if squeezed(name) == squeezed(wanted)]
    expected = next((found[0] for found in (same, same_letters, same_words) if len(found) == 1), None)

    assert Names(known).find(wanted) == expected


def test_snake_case_and_case_lead_to_the_catalogs_spelling() -> None:
    names = Names(["companyName", "custentity_region", "custentity_a_b", "custentity_ab"])
    assert names.find("company_name") == "companyName"
    assert names.find("CUSTENTITY_REGION") == "custentity_region"
    assert names.find("custentity_AB") == "custentity_ab"
    assert names.find("CustEntityAB") is None  # either
    assert names.find("name") is None


def test_the_nearest_name_is_suggested() -> None:
    names = Names(["companyName", "email"])
    assert names.nearest("company_nme") == "companyName"
    assert names.nearest("zzz") is None
