"""Which texts are AE titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctis.dicom.ae_titles import AeTitleError, is_valid_ae_title, normalise_ae_title

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\")


@given(st.text(PRINTABLE, min_size=1, max_size=16), st.integers(0, 3), st.integers(0, 3))
def test_spaces_around_a_title_are_not_significant(title: str, before: int, after: int) -> None:
    assert normalise_ae_title(" " * before + title + " " * after) == title


def test_case_and_inner_spaces_stay() -> None:
    assert normalise_ae_title("Ct Room 2") == "Ct Room 2"


@pytest.mark.parametrize("text", ["", "    ", "A" * 17, "A\\B", "A\nB", "A\tB", "RÖNTGEN", "A\x7f"])
def test_what_is_not_a_title_is_refused_with_a_sentence(text: str) -> None:
    assert not is_valid_ae_title(text)
    with pytest.raises(AeTitleError, match=r"\.$"):
        normalise_ae_title(text)
