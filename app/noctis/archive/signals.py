"""What the archive announces after a commit."""

from django.dispatch import Signal

# Arguments: series_ids, a list of Series primary keys whose instances changed.
series_changed = Signal()

# Arguments: study_ids, a list of Study primary keys whose rows changed, and not by arriving instances alone.
studies_changed = Signal()

# Arguments: study_ids, a list of Study primary keys: nothing came for a while, so they count as complete.
studies_ready = Signal()
