"""Addresses of quality control. Every one is listed in operations/tests/test_access.py."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from noctis.quality_control.views import inbox, lists, quarantine, settings, spool, studies

app_name = "quality_control"

STUDY = "quality-control/<uid:study_uid>"
KEPT = "inbox/quarantine/<int:pk>"

urlpatterns = [
    path("inbox", inbox.inbox, name="inbox"),
    path("inbox/quarantine", RedirectView.as_view(url="/inbox?kind=quarantine"), name="quarantine"),
    path(KEPT, quarantine.quarantined, name="quarantined"),
    path(f"{KEPT}/decide", quarantine.decide_about, name="quarantined_decide"),
    path(f"{KEPT}/undo", quarantine.undo, name="quarantined_undo"),
    path(f"{KEPT}/picture", quarantine.picture, name="quarantined_picture"),
    path(f"{KEPT}/download", quarantine.download, name="quarantined_download"),
    path("inbox/spool", spool.spool, name="spool"),
    path("inbox/spool/take-in", spool.take_file_in, name="spool_take_in"),
    path("quality-control", lists.studies, name="studies"),
    path("quality-control/rates", lists.rates, name="rates"),
    path("quality-control/settings", settings.settings, name="settings"),
    path("quality-control/reasons/new", settings.new_reason, name="new_reason"),
    path("quality-control/reasons/<int:pk>", settings.edit_reason, name="edit_reason"),
    path("quality-control/facilities/<int:pk>", settings.facility_rule, name="facility_rule"),
    path(STUDY, studies.study, name="study"),
    path("viewer/<uid:study_uid>/rejected", studies.rejected, name="rejected"),
    path(f"{STUDY}/accept", studies.accept, name="accept"),
    path(f"{STUDY}/undo-acceptance", studies.undo_acceptance, name="undo_acceptance"),
    path(f"{STUDY}/reject", studies.reject, name="reject"),
    path(f"{STUDY}/note", studies.note, name="note"),
    path(f"{STUDY}/images/<uid:instance_uid>/picture", studies.picture, name="picture"),
]
