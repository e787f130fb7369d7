"""Which texts are unique identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctis.dicom.uids import is_valid_uid, uid_from_name, without_padding

COMPONENTS = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=9)


@given(COMPONENTS)
def test_numbers_joined_by_dots_are_a_uid(components: list[int]) -> None:
    assert is_valid_uid(".".join(map(str, components)))


@given(st.text(max_size=70))
def test_a_valid_uid_holds_nothing_but_digits_and_dots(text: str) -> None:
    if is_valid_uid(text):
        assert set(text) <= set("0123456789.")
        assert ".." not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".1",
        "1..2",
        "1.02",
        "../../x",
        "1.2\n",
        "1.2\0",
        " 1.2",
        "1.2a",
        "\u0661.\u0662",
        "1." + "2" * 63,
    ],
)
def test_what_is_not_a_uid_is_told(text: str) -> None:
    assert not is_valid_uid(text)


def test_sixty_four_characters_are_a_uid_and_sixty_five_are_not() -> None:
    assert is_valid_uid("1." + "2" * 62)
    assert not is_valid_uid("1." + "2" * 63)


def test_padding_is_taken_off_the_end_only() -> None:
    assert without_padding("1.2.3\0") == "1.2.3"
    assert without_padding("1.2.3 ") == "1.2.3"


@given(st.lists(st.text(max_size=10), min_size=1))
def test_a_name_always_gives_the_same_valid_uid(parts: list[str]) -> None:
    assert uid_from_name(*parts) == uid_from_name(*parts)
    assert is_valid_uid(uid_from_name(*parts))


def test_other_names_give_other_uids() -> None:
    assert len({uid_from_name("ct", number) for number in range(1000)} | {uid_from_name("ct", 1, 1)}) == 1001
