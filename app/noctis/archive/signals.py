"""What the archive announces: after a commit, where nothing else is said."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.dispatch import Signal

# Arguments: series_ids, a list of Series primary keys whose instances changed.
series_changed = Signal()

# Arguments: study_ids, a list of Study primary keys whose rows changed, and not by arriving instances alone.
studies_changed = Signal()

# Arguments: study_ids, a list of Study primary keys that are complete now, and that may be read.
studies_ready = Signal()

# Before headers are indexed, within the transaction. Arguments: readings, a list of noctis.archive.header.Reading, in
# which a receiver may put another header in the place of the one that was read.
headers_read = Signal()

# Before an object that is made here is stored. Arguments: made, a pydicom data set; beside, the Instance to whose study
# it belongs.
object_begun = Signal()

# Arguments: quarantined_ids, a list of QuarantinedObject primary keys about which a person must decide.
objects_quarantined = Signal()


def announce(signal: Signal, study_ids: Iterable[int]) -> None:
    """Tell whoever listens once the transaction is committed; a listener that fails undoes nothing."""
    keys = sorted(set(study_ids))
    if keys:
        transaction.on_commit(partial(signal.send_robust, sender=None, study_ids=keys))
