"""Names between form fields and DICOM."""

from __future__ import annotations

import pytest

from noctis.scheduling.person_names import joined_name, name_as_typed, name_parts, typed_name


@pytest.mark.parametrize(
    "name",
    [
        "Phantom^Ada",
        "Phantom",
        "Phantom^Ada^Maria^Dr^Jr",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "=山田^太郎",
        "Wang^XiaoDong==ワン^x^y",
        "Hong^Gildong=洪^吉洞^^^x",
    ],
)
def test_a_name_survives_the_form(name):
    assert joined_name(name_parts(name), name) == name
    assert typed_name(name_as_typed(name), name) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Röntgen, Clara", "Röntgen^Clara"),
        ("van der Berg,  Jan  Piet", "van der Berg^Jan^Piet"),
        ("Röntgen", "Röntgen"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_a_physician_is_typed_as_people_write_names(typed, name):
    assert typed_name(typed) == name
    assert typed_name(typed, "Former^Name") == name
