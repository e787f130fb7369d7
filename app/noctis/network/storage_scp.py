"""Storage (PS3.4 annex B): the answer to C-STORE is Success only when the instance can no longer be lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from django.db import Error as DatabaseFailure
from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event

from noctis.archive.header import Header, read_header
from noctis.archive.ingest import NotStorable, Receipt, receive
from noctis.dicom.dimse_status import StoreStatus
from noctis.dicom.uids import is_valid_uid, without_padding
from noctis.network.defects import log_defect
from noctis.network.deliveries import Delivery
from noctis.network.spool_file import SpoolFile
from noctis.network.statuses import status_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoreRequest:
    """What a C-STORE command says of the data set that follows."""

    sop_class_uid: str
    sop_instance_uid: str
    data_set: SpoolFile | None


class StoreRefused(Exception):
    """The instance is not taken; the text says why in one sentence without naming the patient."""

    def __init__(self, status: StoreStatus, reason: str) -> None:
        """Keep the status to answer with."""
        super().__init__(reason)
        self.status = status


def handle_store(event: Event, delivery: Delivery) -> Dataset:
    """Answer one C-STORE and count it in its delivery; the data set's file is gone or moved afterwards."""
    request = store_request(cast("C_STORE", event.request))
    try:
        receipt = store(request, delivery)
    except StoreRefused as refusal:
        delivery.refused[str(refusal)] += 1
        logger.warning(
            "C-STORE of %r from %s refused with 0x%04X: %s",
            request.sop_instance_uid,
            delivery.origin.ae_title,
            refusal.status,
            refusal,
        )
        return status_of(refusal.status, str(refusal))
    finally:
        if request.data_set is not None:
            request.data_set.discard()
    delivery.received[receipt.study_instance_uid] += 1
    return status_of(StoreStatus.SUCCESS)


def store_request(primitive: C_STORE) -> StoreRequest:
    """Return what matters of pynetdicom's request."""
    data_set: object = primitive._dataset_file  # noqa: SLF001  (what is public does not say whether writing went well)
    return StoreRequest(
        without_padding(str(primitive.AffectedSOPClassUID)),
        without_padding(str(primitive.AffectedSOPInstanceUID)),
        data_set if isinstance(data_set, SpoolFile) else None,
    )


def store(request: StoreRequest, delivery: Delivery) -> Receipt:
    """Take the instance; every way in which that can fail is a StoreRefused."""
    if not is_valid_uid(request.sop_instance_uid):
        raise StoreRefused(StoreStatus.INVALID_SOP_INSTANCE, "The SOP Instance UID is not a valid UID.")
    if request.data_set is None:
        raise StoreRefused(StoreStatus.CANNOT_UNDERSTAND, "The request came without a data set.")
    try:
        path = request.data_set.finish()
        header = announced_header(request, path)
        return receive(path, delivery.reception(), header)
    except NotStorable as error:
        raise StoreRefused(StoreStatus.CANNOT_UNDERSTAND, str(error)) from error
    except OSError as error:
        logger.error("the archive cannot be written: %s", error.strerror)  # noqa: TRY400  (no traceback for a full disk)
        raise StoreRefused(StoreStatus.OUT_OF_RESOURCES, "The archive cannot be written.") from error
    except DatabaseFailure as error:
        logger.error("the database does not answer: %s", type(error).__name__)  # noqa: TRY400  (texts may hold values)
        raise StoreRefused(StoreStatus.OUT_OF_RESOURCES, "The database does not answer.") from error
    except StoreRefused:
        raise
    except Exception as error:
        log_defect(logger, error)
        raise StoreRefused(StoreStatus.PROCESSING_FAILURE, "The archive met with an internal error.") from error


def announced_header(request: StoreRequest, path: Path) -> Header:
    """Return the header of a data set; refuse it where it is not the object that was announced (PS3.4 B.2.3)."""
    header = read_header(path)
    if (header.sop_class_uid, header.sop_instance_uid) != (request.sop_class_uid, request.sop_instance_uid):
        raise StoreRefused(
            StoreStatus.DATA_SET_DOES_NOT_MATCH_SOP_CLASS, "The data set is not the object that was announced."
        )
    return header
