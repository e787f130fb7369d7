"""What a report on storage commitment says (PS3.4 table J.3-2)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from pydicom.dataset import Dataset

from noctis.storage_commitment.models import CommitmentReference, CommitmentRequest, Outcome

COMMITMENT_SUCCESSFUL: Final = 1
FAILURES_EXIST: Final = 2


def event_information(request: CommitmentRequest) -> tuple[int, Dataset]:
    """Return event type and information for a request that is verified."""
    references = request.references.order_by("pk")
    committed = [_item(one) for one in references.filter(outcome=Outcome.COMMITTED)]
    failed = [_failed_item(one) for one in references.exclude(outcome=Outcome.COMMITTED)]
    information = Dataset()
    information.TransactionUID = request.transaction_uid
    information.RetrieveAETitle = settings.NOCTIS_AE_TITLE
    if committed:
        information.ReferencedSOPSequence = committed
    if failed:
        information.FailedSOPSequence = failed
    return (FAILURES_EXIST if failed else COMMITMENT_SUCCESSFUL), information


def _item(reference: CommitmentReference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return item


def _failed_item(reference: CommitmentReference) -> Dataset:
    item = _item(reference)
    item.FailureReason = Outcome.PROCESSING_FAILURE if reference.outcome is None else reference.outcome
    return item
