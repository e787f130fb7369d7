"""What the archive announces after a commit."""

from django.dispatch import Signal

# Arguments: series_ids, a list of Series primary keys whose instances changed.
series_changed = Signal()
