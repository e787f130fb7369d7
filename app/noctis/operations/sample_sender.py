"""Sends files to a DICOM port as a modality would: C-STORE (PS3.4 annex B), every data set as it stands in its file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association

from noctis.network.answers import keep_answers
from noctis.network.releasing import release

CALLING_AE_TITLE = "NOCTIS_DEMO"
TIMEOUT_SECONDS = 60
_CONTEXT_LIMIT = 128


class SendingError(Exception):
    """A study could not be sent; the text is one sentence that says why."""


def send_study(files: Sequence[Path], *, host: str, port: int, called_ae_title: str) -> int:
    """Send ``files`` over one association and return how many were accepted, which is all of them.

    Raises SendingError where the peer cannot be reached, rejects the association or a kind of object, or answers
    anything but Success.
    """
    peer = f"{called_ae_title} at {host}:{port}"
    with _pynetdicom_quiet_and_verbatim():
        association = _associate(_kinds(files), host, port, called_ae_title, peer)
        try:
            for file in files:
                _send(association, file, peer)
        finally:
            release(association)
    return len(files)


@contextmanager
def _pynetdicom_quiet_and_verbatim() -> Iterator[None]:
    """Let the bytes of a file go out, not what pydicom makes of them; the error says itself what went wrong."""
    logger = logging.getLogger("pynetdicom")
    level, chunked = logger.level, _config.STORE_SEND_CHUNKED_DATASET
    logger.setLevel(logging.CRITICAL)
    _config.STORE_SEND_CHUNKED_DATASET = True
    try:
        yield
    finally:
        logger.setLevel(level)
        _config.STORE_SEND_CHUNKED_DATASET = chunked


def _kinds(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Return the SOP classes with their transfer syntaxes that occur in ``files``."""
    heads = [_head(file).file_meta for file in files]
    kinds = sorted({(str(head.MediaStorageSOPClassUID), str(head.TransferSyntaxUID)) for head in heads})
    if len(kinds) > _CONTEXT_LIMIT:
        raise SendingError(
            f"One association carries at most {_CONTEXT_LIMIT} kinds of objects, these are {len(kinds)}."
        )
    return kinds


def _head(file: Path) -> FileDataset:
    return dcmread(file, specific_tags=[], stop_before_pixels=True)


def _associate(kinds: list[tuple[str, str]], host: str, port: int, called_ae_title: str, peer: str) -> Association:
    caller = AE(ae_title=CALLING_AE_TITLE)
    caller.acse_timeout = caller.dimse_timeout = caller.network_timeout = caller.connection_timeout = TIMEOUT_SECONDS
    for sop_class, transfer_syntax in kinds:
        caller.add_requested_context(sop_class, transfer_syntax)
    association = caller.associate(
        host, port, ae_title=called_ae_title, evt_handlers=[(evt.EVT_CONN_OPEN, keep_answers)]
    )
    if association.is_established:
        return association
    if association.is_rejected:
        raise SendingError(f"{peer} does not accept the calling AE title {CALLING_AE_TITLE}.")
    raise SendingError(f"{peer} does not answer.")


def _send(association: Association, file: Path, peer: str) -> None:
    try:
        status: Dataset = association.send_c_store(file)
    except (ValueError, RuntimeError) as error:  # no presentation context was accepted for it; association lost
        raise SendingError(f"{peer} does not take {file.parent.name}/{file.name}: {error}.") from error
    if "Status" not in status:
        raise SendingError(f"{peer} broke the connection at {file.parent.name}/{file.name}.")
    if status.Status != 0:
        comment = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
        raise SendingError(f"{peer} answered {status.Status:04X}H to {file.parent.name}/{file.name}{comment}.")
