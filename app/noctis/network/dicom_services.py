"""The services that an application entity may be allowed one by one."""

from __future__ import annotations

from django.db import models


class DicomService(models.TextChoices):
    """What a peer asks of Noctis; a presentation context belongs to one of them."""

    VERIFICATION = "verification", "Verification (echo)"
    STORAGE = "storage", "Storage: sends images"
    QUERY = "query", "Query: finds studies"
    RETRIEVE = "retrieve", "Retrieve: fetches images"
    MODALITY_WORKLIST = "modality_worklist", "Modality worklist"
    MPPS = "mpps", "Performed procedure step (MPPS)"
    STORAGE_COMMITMENT = "storage_commitment", "Storage commitment"

    @property
    def short_label(self) -> str:
        """The label without its explanation."""
        return str(self.label).partition(":")[0].partition(" (")[0]


EVERY_SERVICE = frozenset(DicomService)
