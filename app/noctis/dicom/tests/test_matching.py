"""Keys of queries: what they ask for and which values answer them."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from noctis.dicom.matching import (
    AnyOf,
    Exact,
    InvalidKey,
    NameKey,
    Range,
    UidList,
    Universal,
    Wildcard,
    any_matches,
    combined,
    fold,
    key_of,
    matches,
    name_index,
    parse,
    parse_name,
    wildcard_matches,
)

CASES = {
    "alphabetic": "Müller^Änne^^Dr",
    "japanese": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "family only": "Smith",
    "greek": "Διονυσιος",
}


@pytest.mark.parametrize(
    ("vr", "values", "criterion"),
    [
        ("LO", [], Universal()),
        ("LO", [""], Universal()),
        ("LO", ["*"], Universal()),
        ("LO", ["**"], Universal()),
        ("LO", [" P1 "], Exact("P1")),
        ("LO", ["P?"], Wildcard("P?")),
        ("SH", ["a***b"], Wildcard("a*b")),
        ("CS", ["CT", "MR"], AnyOf((Exact("CT"), Exact("MR")))),
        ("CS", ["CT", "CT"], AnyOf((Exact("CT"),))),
        ("CS", ["CT", ""], Exact("CT")),
        ("IS", ["5*"], Exact("5*")),
        ("UI", ["1.2.3"], UidList(("1.2.3",))),
        ("UI", ["1.2.3\0", "1.2.4"], UidList(("1.2.3", "1.2.4"))),
        ("UI", ["*"], Universal()),
        ("DA", ["20260102"], Range(date(2026, 1, 2), date(2026, 1, 2))),
        ("DA", ["20260102-"], Range(date(2026, 1, 2), None)),
        ("DA", ["-20260102"], Range(None, date(2026, 1, 2))),
        ("DA", ["20260102 - 20260131"], Range(date(2026, 1, 2), date(2026, 1, 31))),
        ("DA", ["2026.01.02"], Range(date(2026, 1, 2), date(2026, 1, 2))),
        ("DA", ["*"], Universal()),
        ("TM", ["08"], Range(time(8), time(8, 59, 59, 999999))),
        ("TM", ["0830"], Range(time(8, 30), time(8, 30, 59, 999999))),
        ("TM", ["083015"], Range(time(8, 30, 15), time(8, 30, 15, 999999))),
        ("TM", ["083015.5"], Range(time(8, 30, 15, 500000), time(8, 30, 15, 599999))),
        ("TM", ["08:30-0900"], Range(time(8, 30), time(9, 0, 59, 999999))),
        ("TM", ["235960"], Range(time(23, 59, 59), time(23, 59, 59, 999999))),
        ("PN", ["*^*"], NameKey(("*^*",))),
        ("PN", ["="], Universal()),
        ("PN", ["==*"], Universal()),
        ("PN", ["SMITH*^J"], NameKey(("smith*^j",))),
        ("PN", ["=山田*"], NameKey(("", "山田*"))),
    ],
)
def test_a_key_says_what_it_asks_for(vr, values, criterion):
    assert parse(vr, values) == criterion


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("DA", ["yesterday"]),
        ("DA", ["20260231"]),
        ("DA", ["-"]),
        ("DA", ["2026"]),
        ("DA", ["20260101", "20260102"]),
        ("DA", ["20260101-20260102-20260103"]),
        ("TM", ["25"]),
        ("TM", ["8"]),
        ("TM", ["٠٨"]),
        ("UI", ["1.2.x"]),
        ("UI", ["../../etc"]),
        ("PN", ["a=b=c=d"]),
    ],
)
def test_a_malformed_key_is_named_without_its_value(vr, values):
    with pytest.raises(InvalidKey) as caught:
        parse(vr, values)
    assert values[0] not in str(caught.value)


def test_a_key_of_an_identifier_is_named_by_its_keyword():
    identifier = Dataset()
    assert key_of(identifier, "PatientID", "LO") == Universal()
    identifier.PatientID = "P*"
    identifier.PatientBirthDate = "tomorrow"
    assert key_of(identifier, "PatientID", "LO") == Wildcard("P*")
    with pytest.raises(InvalidKey, match="PatientBirthDate: a date"):
        key_of(identifier, "PatientBirthDate", "DA")


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        (Universal(), None, True),
        (Exact("CT"), "CT", True),
        (Exact("CT"), "ct", False),
        (Exact("CT"), "", False),
        (Wildcard("?T"), "CT", True),
        (Wildcard("*"), None, False),
        (AnyOf((Exact("CT"), Wildcard("M?"))), "MR", True),
        (AnyOf((Exact("CT"), Wildcard("M?"))), "US", False),
        (UidList(("1.2", "1.3")), "1.3", True),
        (UidList(("1.2", "1.3")), "1.3.1", False),
        (Range(date(2026, 1, 1), None), date(2026, 1, 1), True),
        (Range(date(2026, 1, 1), None), date(2025, 12, 31), False),
        (Range(None, date(2026, 1, 1)), None, False),
        (Range(time(8), time(9)), time(8, 30), True),
        (Range(time(8), time(9)), "0830", False),
    ],
)
def test_a_value_answers_a_key_or_not(key, value, answer):
    assert matches(key, value) is answer


def test_one_of_several_values_is_enough():
    assert any_matches(Exact("B"), ["A", "B"])
    assert not any_matches(Exact("C"), ["A", "B"])
    assert any_matches(Universal(), [])


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("müller^änne^^Dr", {"alphabetic"}),
        ("MULLER*", {"alphabetic"}),
        ("Muller", set()),
        ("smith", {"family only"}),
        ("SMITH^*", {"family only"}),
        ("SMITH^*^*", {"family only"}),
        ("SMITH^J*", set()),
        ("yama?a^t*", {"japanese"}),
        ("山田*", {"japanese"}),
        ("やまだ^*", {"japanese"}),
        ("=山田*", {"japanese"}),
        ("==やまだ*", {"japanese"}),
        ("=やまだ*", set()),
        ("Yamada*=山田*", {"japanese"}),
        ("Yamada*=鈴木*", set()),
        ("yamada*ろう", set()),
        ("ΔΙΟΝΥΣΙΟΣ", {"greek"}),
        ("Smith^=", {"family only"}),
        ("*", {"alphabetic", "japanese", "family only", "greek"}),
    ],
)
def test_names_are_compared_without_case_and_by_component_group(key, found):
    assert {case for case, name in CASES.items() if matches(parse_name(key), name)} == found


@given(st.text("ab^= *?", max_size=12), st.text("ab^= ", max_size=12))
def test_the_index_pattern_of_a_name_finds_whatever_matches(key, name):
    try:
        criterion = parse_name(key)
    except InvalidKey:
        return
    if isinstance(criterion, NameKey) and name.count("=") < 3 and matches(criterion, name):
        assert wildcard_matches(criterion.index_pattern, name_index(name))


@given(st.text("ab*?", max_size=10), st.text("ab", max_size=10))
def test_wildcards_mean_what_a_regular_expression_would(pattern, text):
    expression = "".join({"*": ".*", "?": "."}.get(character, character) for character in pattern)
    assert wildcard_matches(pattern, text) == (re.fullmatch(expression, text) is not None)


def test_a_hostile_pattern_takes_no_time():
    assert not wildcard_matches("a*" * 200 + "b", "a" * 4000)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ŁÓDŹ", "łodz"),
        ("Straße", "strasse"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("がく", "がく"),
        ("김희중", "김희중"),
        (" a  b ", "a b"),
    ],
)
def test_folding_keeps_letters_and_drops_accents(text, folded):
    assert fold(text) == folded


def test_a_date_range_and_a_time_range_are_one_period():
    dates, times = Range(date(2026, 7, 5), date(2026, 7, 7)), Range(time(10), time(18))
    assert combined(dates, times) == Range(
        datetime.combine(date(2026, 7, 5), time(10)), datetime.combine(date(2026, 7, 7), time(18))
    )
    assert combined(Range(date(2026, 7, 5), None), Range(None, time(18))) == Range(
        datetime.combine(date(2026, 7, 5), time.min), None
    )
    assert combined(Range(None, date(2026, 7, 7)), Range(time(10), None)) == Range(
        None, datetime.combine(date(2026, 7, 7), time.max)
    )
