"""The audit trail: who did what to whose images, written once and never changed."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from noctis.accounts.models import Facility


class Action(models.TextChoices):
    """What is recorded."""

    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    SIGNED_OUT = "signed_out", "Signed out"
    PASSWORD_SET = "password_set", "Password set"
    SET_UP_LINK_ISSUED = "set_up_link_issued", "Set-up link issued"
    API_TOKEN_ISSUED = "api_token_issued", "API token issued"
    API_TOKEN_REVOKED = "api_token_revoked", "API token revoked"
    USER_ADDED = "user_added", "User added"
    USER_CHANGED = "user_changed", "User changed"
    FACILITY_ADDED = "facility_added", "Facility added"
    FACILITY_CHANGED = "facility_changed", "Facility changed"
    APPLICATION_ENTITY_ADDED = "application_entity_added", "Application entity added"
    APPLICATION_ENTITY_CHANGED = "application_entity_changed", "Application entity changed"
    STUDY_OPENED = "study_opened", "Study opened"
    STUDY_CLAIMED = "study_claimed", "Study claimed for reading"
    STUDY_TAKEN_OVER = "study_taken_over", "Study taken over from another reader"
    STUDY_RELEASED = "study_released", "Study released to other readers"
    STUDY_ASSIGNED = "study_assigned", "Study assigned to a radiologist"
    STUDY_PRIORITISED = "study_prioritised", "Priority of a study changed"
    STUDY_REPORT_NEED_CHANGED = "study_report_need_changed", "Study marked as needing no report, or a report"
    WORKLIST_CHANGE_UNDONE = "worklist_change_undone", "Change of the worklist undone"
    ANNOTATION_CHANGED = "annotation_changed", "Annotation changed"
    MEASUREMENT_REPORT_EXPORTED = "measurement_report_exported", "Measurement report exported"
    MEASUREMENT_REPORT_SAVED = "measurement_report_saved", "Measurement report saved into a study"
    MEASUREMENT_REPORT_IMPORTED = "measurement_report_imported", "Measurement report imported"
    STUDY_NOTE_CHANGED = "study_note_changed", "Study note changed"
    ATTACHMENT_ADDED = "attachment_added", "Attachment added"
    ATTACHMENT_ADDED_TO_SIGNED_REPORT = "attachment_added_to_signed_report", "Attachment added to a signed report"
    ATTACHMENT_CHANGED = "attachment_changed", "Attachment removed or brought back"
    ATTACHMENT_READ = "attachment_read", "Attachment read"
    ATTACHMENT_REFUSED = "attachment_refused", "Attachment refused by the virus scanner"
    KEY_IMAGE_CHANGED = "key_image_changed", "Key image marked or unmarked"
    KEY_OBJECTS_STORED = "key_objects_stored", "Key object selection stored"
    PRESENTATION_STORED = "presentation_stored", "Presentation state stored"
    REPORT_WRITTEN = "report_written", "Report written"
    REPORT_TAKEN_OVER = "report_taken_over", "Report taken over from another writer"
    REPORT_RELEASED = "report_released", "Report released as preliminary"
    REPORT_SIGNED = "report_signed", "Report signed"
    REPORT_ADDED_TO = "report_added_to", "Addendum signed"
    REPORT_SIGNATURE_REFUSED = "report_signature_refused", "Signature refused: wrong password"
    REPORT_READ = "report_read", "Report read"
    REPORT_TEMPLATE_CHANGED = "report_template_changed", "Report template changed"
    REPORT_MACRO_CHANGED = "report_macro_changed", "Macro of reports changed"
    CRITICAL_CATEGORY_CHANGED = "critical_category_changed", "Category of critical results changed"
    CRITICAL_RESULT_NOTED = "critical_result_noted", "Critical result noted"
    CRITICAL_RESULT_TOLD = "critical_result_told", "Critical result told by telephone"
    CRITICAL_RESULT_ESCALATED = "critical_result_escalated", "Critical result passed on: time ran out"
    CRITICAL_RESULT_ACKNOWLEDGED = "critical_result_acknowledged", "Critical result acknowledged"
    CRITICAL_RESULT_WITHDRAWN = "critical_result_withdrawn", "Critical result withdrawn"
    REPORT_FILE_MADE = "report_file_made", "Report file made"
    REPORT_FILE_READ = "report_file_read", "Report file read or printed"
    REPORT_DELIVERED = "report_delivered", "Report delivered"
    REPORT_DELIVERY_CHANGED = "report_delivery_changed", "Report delivery stopped or sent again"
    LETTERHEAD_CHANGED = "letterhead_changed", "Letterhead changed"
    HL7_RECEIVER_ADDED = "hl7_receiver_added", "HL7 receiver added"
    HL7_RECEIVER_CHANGED = "hl7_receiver_changed", "HL7 receiver changed"
    SHARE_MADE = "share_made", "Link for somebody outside made"
    SHARE_CODE_ISSUED = "share_code_issued", "New code for a shared link issued"
    SHARE_OPENED = "share_opened", "Shared link opened with its code"
    SHARE_READ = "share_read", "Shared images or report opened by the guest"
    SHARE_CODE_REFUSED = "share_code_refused", "Wrong code for a shared link"
    SHARE_LOCKED = "share_locked", "Shared link locked after wrong codes"
    SHARE_EXTENDED = "share_extended", "Shared link extended"
    SHARE_REVOKED = "share_revoked", "Shared link revoked"
    SHARING_ALLOWED = "sharing_allowed", "Who may share at a facility changed"
    INSTANCES_RECEIVED = "instances_received", "Instances received"
    INSTANCES_SENT = "instances_sent", "Instances sent"
    ASSOCIATION_REFUSED = "association_refused", "Association refused"
    OBJECT_QUARANTINED = "object_quarantined", "Object quarantined"
    NOTIFICATION_MAILED = "notification_mailed", "Notification sent by e-mail"
    MAIL_TRIED = "mail_tried", "E-mail settings tried"
    MAIL_SENT_AGAIN = "mail_sent_again", "E-mail queued again"
    GO_LIVE_STEP_CONFIRMED = "go_live_step_confirmed", "Step to go-live confirmed or left out"
    GO_LIVE_STEP_REOPENED = "go_live_step_reopened", "Step to go-live opened again"
    WENT_LIVE = "went_live", "Released for clinical use"
    GO_LIVE_WITHDRAWN = "go_live_withdrawn", "Release for clinical use withdrawn"
    ALERT_TRIED = "alert_tried", "Test alert raised"
    SETTING_CHANGED = "setting_changed", "Setting changed"
    PROCEDURE_SCHEDULED = "procedure_scheduled", "Procedure scheduled"
    PROCEDURE_CHANGED = "procedure_changed", "Scheduled procedure changed"
    PROCEDURE_PERFORMED = "procedure_performed", "Performed procedure reported"
    ARCHIVE_QUERIED = "archive_queried", "Archive queried"
    WORKLIST_QUERIED = "worklist_queried", "Modality worklist queried"
    FORWARDING_RULE_ADDED = "forwarding_rule_added", "Forwarding rule added"
    FORWARDING_RULE_CHANGED = "forwarding_rule_changed", "Forwarding rule changed"
    FORWARDING_RULE_APPLIED = "forwarding_rule_applied", "Forwarding rule applied to stored studies"
    FORWARDING_RULE_REMOVED = "forwarding_rule_removed", "Forwarding rule removed"
    TRANSMISSION_REQUESTED = "transmission_requested", "Transmission requested"
    TRANSMISSION_CHANGED = "transmission_changed", "Transmission cancelled or tried again"
    COMMITMENT_REQUESTED = "commitment_requested", "Storage commitment requested"
    COMMITMENT_REPORTED = "commitment_reported", "Storage commitment reported"
    COMMITMENT_GIVEN_UP = "commitment_given_up", "Storage commitment report given up"
    COMMITMENT_SENT_AGAIN = "commitment_sent_again", "Storage commitment sent again"
    FLAG_RESOLVED = "flag_resolved", "Flag of a study resolved"
    FLAG_REOPENED = "flag_reopened", "Flag of a study opened again"
    QUARANTINE_DECIDED = "quarantine_decided", "Quarantined object decided about"
    QUARANTINE_DECISION_UNDONE = "quarantine_decision_undone", "Decision about a quarantined object taken back"
    QUARANTINED_OBJECT_READ = "quarantined_object_read", "Quarantined object downloaded"
    QUARANTINED_OBJECT_REMOVED = "quarantined_object_removed", "Discarded object removed for ever"
    STUDY_ACCEPTED = "study_accepted", "Study accepted by quality control"
    STUDY_ACCEPTANCE_UNDONE = "study_acceptance_undone", "Acceptance of a study taken back"
    IMAGES_REJECTED = "images_rejected", "Images rejected by quality control"
    IMAGES_UNREJECTED = "images_unrejected", "Rejection of images taken back"
    REJECT_REASON_CHANGED = "reject_reason_changed", "Reject reason added or changed"
    STUDY_CORRECTED = "study_corrected", "Study or patient corrected"
    CORRECTION_UNDONE = "correction_undone", "Correction undone"
    WORKLIST_FILTER_SHARED = "worklist_filter_shared", "Filter of the worklist shared with a role"
    DASHBOARD_EXPORTED = "dashboard_exported", "Dashboard exported"
    BACKUP_MADE = "backup_made", "Backup made or tried"
    BACKUP_CHECKED = "backup_checked", "Repository of the backups checked"
    RESTORE_REHEARSED = "restore_rehearsed", "Restore drill held"
    BACKUP_RESTORED = "backup_restored", "Backup restored"
    INTEGRITY_ERROR = "integrity_error", "Integrity error found"


def action_choices() -> list[tuple[str, str]]:
    """Return the choices of ``AuditEntry.action``; a function, so that a new action needs no migration."""
    return Action.choices


class AppendOnlyQuerySet(models.QuerySet["AuditEntry"]):
    """Entries can be read and added; nothing else."""

    def update(self, **_: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("an audit entry cannot be changed")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        raise TypeError("an audit entry cannot be changed")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise TypeError("an audit entry cannot be deleted")


class AuditEntry(models.Model):
    """One event. Holds UIDs, user and AE names; never a patient's name."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=40, choices=action_choices, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="audit_entries"
    )
    username = models.CharField(max_length=150, blank=True)
    ae_title = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField(null=True)
    facility = models.ForeignKey(Facility, null=True, on_delete=models.PROTECT, related_name="+")
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)
    detail = models.JSONField(default=dict)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [models.Index(fields=["action", "-id"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the entry; an existing one cannot be changed."""
        if not self._state.adding:
            raise TypeError("an audit entry cannot be changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the trail is append-only."""
        raise TypeError("an audit entry cannot be deleted")
