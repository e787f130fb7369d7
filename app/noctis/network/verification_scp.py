"""Verification (PS3.4 annex A): the answer to C-ECHO."""

from __future__ import annotations

from pynetdicom.events import Event

from noctis.dicom.dimse_status import DimseStatus


def handle_echo(_event: Event) -> int:
    """Answer Success: who got this far has been admitted."""
    return DimseStatus.SUCCESS
