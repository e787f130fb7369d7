"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.reading_worklist import change_views, holding_views, saved_views, target_views, views

urlpatterns = [
    path("worklist", views.worklist, name="worklist"),
    path("worklist/filter", views.filter_studies, name="worklist_filter"),
    path("worklist/studies", views.studies, name="worklist_studies"),
    path("worklist/updates", views.updates, name="worklist_updates"),
    path("worklist/change", change_views.change, name="worklist_change"),
    path("worklist/undo", change_views.undo, name="worklist_undo"),
    path("worklist/next", change_views.claim_next, name="worklist_claim_next"),
    path("worklist/filters", saved_views.save_filter, name="worklist_save_filter"),
    path("worklist/filters/<int:pk>", saved_views.use_filter, name="worklist_use_filter"),
    path("worklist/filters/<int:pk>/remove", saved_views.remove_filter, name="worklist_remove_filter"),
    path("worklist/filters/<int:pk>/opening", saved_views.opening_filter, name="worklist_opening_filter"),
    path("worklist/columns", saved_views.columns, name="worklist_columns"),
    path("worklist/after/<uid:study_uid>", views.next_study, name="worklist_next"),
    path("studies/<uid:study_uid>/holding", holding_views.holding, name="holding"),
    path("admin/turnaround", target_views.turnaround_targets, name="turnaround_targets"),
]
