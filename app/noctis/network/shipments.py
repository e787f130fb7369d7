"""What one association is given by C-GET or C-MOVE: counted while it runs, noted in the audit trail when it ends."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Final

from django.db import Error as DatabaseFailure
from django.db import transaction

from noctis.archive.ingest import Origin
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.database import database_session
from noctis.network.deliveries import AUDIT_RETRY_SECONDS

logger = logging.getLogger(__name__)

FAILED: Final = "failed"
SENT: Final = "sent"


class Shipments:
    """The instances sent and not sent for an association, per destination and study."""

    def __init__(self, origin: Origin) -> None:
        """Begin with nothing."""
        self.origin = origin
        self._counts: dict[tuple[str, str, str], Counter[str]] = {}

    def note(self, service: str, destination: str, study_instance_uid: str, outcome: str) -> None:
        """Count an instance, ``outcome`` SENT or FAILED."""
        self._counts.setdefault((service, destination, study_instance_uid), Counter())[outcome] += 1

    def close(self) -> None:
        """Write the audit trail; waits a while for a database that is away."""
        if not self._counts:
            return
        for pause in AUDIT_RETRY_SECONDS:
            time.sleep(pause)
            try:
                with database_session():
                    self._write()
            except DatabaseFailure:
                continue
            return
        logger.error("the audit trail could not be written: %s was given %s", self.origin.ae_title, self._counts)

    @transaction.atomic
    def _write(self) -> None:
        for (service, destination, study_instance_uid), counts in self._counts.items():
            record(
                Action.INSTANCES_SENT,
                ae_title=self.origin.ae_title,
                address=self.origin.address,
                facility=self.origin.facility,
                study_instance_uid=study_instance_uid,
                service=service,
                destination=destination,
                instances=counts[SENT],
                failed=counts[FAILED],
            )
