"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.attachments import views

ONE = "viewer/<uid:study_uid>/attachments/<uuid:uid>"

urlpatterns = [
    path("studies/<uid:study_uid>/attachments", views.attachments_page, name="attachments_page"),
    path("viewer/<uid:study_uid>/attachments", views.list_attachments, name="attachments"),
    path(ONE, views.change_attachment, name="attachment"),
    path(f"{ONE}/restore", views.restore_attachment, name="attachment_restore"),
    path(f"{ONE}/file", views.attachment_file, name="attachment_file"),
    path(f"{ONE}/preview", views.attachment_preview, name="attachment_preview"),
]
