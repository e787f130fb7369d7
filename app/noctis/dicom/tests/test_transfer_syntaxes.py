"""The table of transfer syntaxes against pydicom's dictionary."""

from __future__ import annotations

import pytest
from pydicom.uid import UID, AllTransferSyntaxes

from noctis.dicom.transfer_syntaxes import TRANSFER_SYNTAXES, transfer_syntax


@pytest.mark.parametrize("uid", [uid for uid in AllTransferSyntaxes if not uid.keyword.startswith("SMPTE")])
def test_a_syntax_that_pydicom_knows_agrees_with_the_table(uid: UID) -> None:
    facts = transfer_syntax(uid)
    assert facts.encapsulated == uid.is_encapsulated or uid == "1.2.840.10008.1.2.1.98"


def test_every_name_is_given_once() -> None:
    assert len({facts.name for facts in TRANSFER_SYNTAXES.values()}) == len(TRANSFER_SYNTAXES)


def test_only_uncompressed_pixels_are_plain_octets() -> None:
    for facts in TRANSFER_SYNTAXES.values():
        compressed = facts.encapsulated and facts.uid != "1.2.840.10008.1.2.1.98"
        assert (facts.frame_media_type == "application/octet-stream") is not compressed


def test_an_unknown_syntax_is_taken_for_encapsulated() -> None:
    facts = transfer_syntax("1.2.3.4")
    assert facts.encapsulated
    assert facts.lossless is None
    assert "1.2.3.4" in facts.name
