"""Which names may be one person's, and which are not taken for it."""

from __future__ import annotations

import pytest

from noctis.dicom.same_person import is_same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Doe^John", "DOE^JOHN^^^"),
        ("Doe^John", " doe ^ John "),
        ("Doe^John^^Dr", "Doe^John^^Prof"),
        ("Müller^Jörg", "MULLER^JORG"),
        ("Mu\u0308ller^Anna", "Müller^Anna"),
        ("De  Groot^Jan", "de groot^jan"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "YAMADA^TAROU"),
        ("Yamada^Tarou", "Yamada^Tarou=山田^太郎"),
        ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", "ヤマダ^タロウ=山田^太郎"),
    ],
)
def test_ways_of_writing_one_name(one: str, other: str) -> None:
    assert is_same_name(one, other)
    assert is_same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Doe^John", "Doe^Jane"),
        ("Doe^John", "John^Doe"),
        ("Doe^John", "Doe, John"),
        ("Doe^John^Q", "Doe^John"),
        ("Doe^John^^^Jr", "Doe^John^^^Sr"),
        ("Doe^John^^^Jr", "Doe^John"),
        ("Müller^Jörg", "Mueller^Joerg"),
        ("Müller^Jörg", "Mûller^Jörg"),
        ("M?ller^J?rg", "Müller^Jörg"),
        ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^次郎"),
        ("=山田^太郎", "Yamada^Tarou"),
        ("Иванов^Иван", "Ivanov^Ivan"),
        ("", "Doe"),
    ],
)
def test_what_may_be_two_people_is_two(one: str, other: str) -> None:
    assert not is_same_name(one, other)
    assert not is_same_name(other, one)
