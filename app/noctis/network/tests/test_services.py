"""What is offered, and which transfer syntax is chosen of those a peer proposes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
)
from pynetdicom import build_context
from pynetdicom.dimse_primitives import C_ECHO, C_FIND, C_STORE
from pynetdicom.presentation import negotiate_as_acceptor
from pynetdicom.sop_class import _STORAGE_CLASSES

from noctis.network.services import (
    RETIRED_STORAGE_CLASSES,
    STORAGE_CLASSES,
    VERIFICATION,
    acceptable_contexts,
    is_offered,
)

HANGING_PROTOCOL_FIND = "1.2.840.10008.5.1.4.38.2"


def negotiated(*proposals: tuple[str, Sequence[str]]) -> list[str | None]:
    """Return the transfer syntax accepted for each proposal, None where it is rejected."""
    proposed = [build_context(abstract, list(syntaxes)) for abstract, syntaxes in proposals]
    for index, context in enumerate(proposed):
        context.context_id = 2 * index + 1
    results, _ = negotiate_as_acceptor(proposed, acceptable_contexts(proposed))
    return [str(result.transfer_syntax[0]) if result.result == 0 else None for result in results]


@pytest.mark.parametrize(
    ("proposed", "chosen"),
    [
        ([ImplicitVRLittleEndian], ImplicitVRLittleEndian),
        ([ImplicitVRLittleEndian, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([JPEGLosslessSV1, ImplicitVRLittleEndian], JPEGLosslessSV1),
        ([ImplicitVRLittleEndian, JPEGLosslessSV1, ExplicitVRLittleEndian], ExplicitVRLittleEndian),
        ([ExplicitVRBigEndian, ExplicitVRLittleEndian], ExplicitVRBigEndian),
        (["1.2.3.4", ImplicitVRLittleEndian], ImplicitVRLittleEndian),
        (["1.2.3.4"], None),
    ],
)
def test_the_order_of_the_peer_counts_but_explicit_vr_goes_before_implicit(
    proposed: list[str], chosen: str | None
) -> None:
    assert negotiated((CTImageStorage, proposed)) == [chosen]


def test_one_class_may_be_proposed_in_several_contexts() -> None:
    proposals = [[ExplicitVRLittleEndian, ExplicitVRBigEndian], [ImplicitVRLittleEndian], [JPEGLosslessSV1]]

    assert negotiated(*[(CTImageStorage, syntaxes) for syntaxes in proposals]) == [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        JPEGLosslessSV1,
    ]


def test_verification_is_accepted_and_other_services_are_not() -> None:
    proposals = [(uid, [ImplicitVRLittleEndian]) for uid in (VERIFICATION, HANGING_PROTOCOL_FIND, "1.2.3.4.5")]

    assert negotiated(*proposals) == [ImplicitVRLittleEndian, None, None]


def test_a_rejection_tells_an_unknown_class_from_an_unknown_transfer_syntax() -> None:
    proposed = [build_context(uid, "1.2.3.4") for uid in (CTImageStorage, VERIFICATION, "1.2.3.4.5")]
    for index, context in enumerate(proposed):
        context.context_id = 2 * index + 1
    results, _ = negotiate_as_acceptor(proposed, acceptable_contexts(proposed))

    assert [result.result for result in results] == [4, 4, 3]


def test_every_storage_class_is_offered_also_the_retired_ones() -> None:
    assert {*_STORAGE_CLASSES.values(), *RETIRED_STORAGE_CLASSES} == STORAGE_CLASSES
    assert all(is_offered(C_STORE(), uid) for uid in STORAGE_CLASSES)
    assert not is_offered(C_STORE(), VERIFICATION)
    assert is_offered(C_ECHO(), VERIFICATION)
    assert not is_offered(C_FIND(), CTImageStorage)
