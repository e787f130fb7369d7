"""Addresses of corrections. No address says anything about a patient."""

from __future__ import annotations

from django.urls import path

from noctis.corrections import views

STUDY = "corrections/<uid:study_uid>"

urlpatterns = [
    path("corrections", views.list_corrections, name="correction_list"),
    path(STUDY, views.history, name="corrections"),
    path(f"{STUDY}/edit", views.correct, {"page": "edit"}, name="correct_edit"),
    path(f"{STUDY}/move", views.correct, {"page": "move"}, name="correct_move"),
    path(f"{STUDY}/merge", views.correct, {"page": "merge"}, name="correct_merge"),
    path(f"{STUDY}/split", views.correct, {"page": "split"}, name="correct_split"),
    path(f"{STUDY}/merge-patients", views.correct, {"page": "merge-patients"}, name="correct_merge_patients"),
    path(f"{STUDY}/<int:pk>/undo", views.undo, name="undo_correction"),
]
