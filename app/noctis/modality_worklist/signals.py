"""What the modality worklist announces after a commit."""

from django.dispatch import Signal

# Arguments: performed_step_id, the primary key of a PerformedProcedureStep that was completed or discontinued.
performed_step_ended = Signal()

# Arguments: study_instance_uid, of the requested procedure whose steps were scheduled, changed or moved on.
steps_changed = Signal()
