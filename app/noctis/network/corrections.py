"""Corrections of what is sent: each study's are looked up once in an association."""

from __future__ import annotations

from noctis.archive.retrieve import StoredObject
from noctis.corrections import outgoing
from noctis.corrections.overlays import Overlay, Overlays
from noctis.network.database import database_session


class StudyOverlays(Overlays):
    """The overlays of studies, for a thread that keeps no connection to the database."""

    def of(self, study_id: int) -> Overlay | None:
        """Return the overlay of a study, if there is one."""
        if self.knows(study_id):
            return super().of(study_id)
        with database_session():
            return super().of(study_id)


def corrected(instance: StoredObject, overlay: Overlay | None) -> outgoing.Corrected | None:
    """Return an instance corrected; None where it goes out as it is stored. Raises CannotCorrect and OSError."""
    return outgoing.corrected(instance.path, instance.data_set_offset, overlay)
