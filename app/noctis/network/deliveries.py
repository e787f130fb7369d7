"""What one association brings: counted while it runs, noted in the audit trail when it ends."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import transaction

from noctis.archive.ingest import Origin, open_reception
from noctis.archive.models import Reception
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.network.database import database_session

logger = logging.getLogger(__name__)

AUDIT_RETRY_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0)


class Delivery:
    """The instances of one association, per study, and those refused, per reason."""

    def __init__(self, origin: Origin) -> None:
        """Begin with nothing; the delivery's row is made with its first instance."""
        self.origin = origin
        self.received: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._reception: Reception | None = None

    def reception(self) -> Reception:
        """Return the row that the instances refer to; raises django.db.Error while the database is away."""
        if self._reception is None:
            with database_session():
                self._reception = open_reception(self.origin)
        return self._reception

    def close(self, ended: str) -> None:
        """Note what came and how the association ended; waits a while for a database that is away."""
        if not self.received and not self.refused:
            return
        logger.info(
            "%s from %s delivered %d instances of %d studies, %d were refused; %s",
            self.origin.ae_title,
            self.origin.address,
            self.received.total(),
            len(self.received),
            self.refused.total(),
            ended,
        )
        for pause in AUDIT_RETRY_SECONDS:
            time.sleep(pause)
            try:
                with database_session():
                    self._write(ended)
            except DatabaseFailure:
                continue
            return
        logger.error(
            "the audit trail could not be written: %s from %s delivered %s, refused %s",
            self.origin.ae_title,
            self.origin.address,
            dict(self.received),
            dict(self.refused),
        )

    @transaction.atomic
    def _write(self, ended: str) -> None:
        for study_instance_uid, count in self.received.items():
            self._record(study_instance_uid, instances=count, ended=ended)
        if self.refused:
            self._record("", instances=0, refused=dict(self.refused), ended=ended)

    def _record(self, study_instance_uid: str, **detail: Any) -> None:
        record(
            Action.INSTANCES_RECEIVED,
            ae_title=self.origin.ae_title,
            address=self.origin.address,
            facility=self.origin.facility,
            study_instance_uid=study_instance_uid,
            **detail,
        )
