"""Addresses of the schedule's pages. Every one is listed in tests/test_access.py."""

from __future__ import annotations

from django.urls import path

from noctis.scheduling.views import missing, schedule, steps

app_name = "scheduling"

urlpatterns = [
    path("schedule", schedule.schedule, name="schedule"),
    path("schedule/filter", schedule.filter_steps, name="filter"),
    path("schedule/steps", schedule.list_steps, name="steps"),
    path("schedule/new", steps.new_step, name="new"),
    path("schedule/<int:pk>", steps.step, name="step"),
    path("schedule/<int:pk>/change", steps.change_step, name="change"),
    path("schedule/<int:pk>/status", steps.move_step, name="status"),
    path("schedule/reports/<int:pk>/end", steps.end_report, name="end_report"),
    path("schedule/missing", missing.missing_images, name="missing"),
    path("schedule/missing/<int:pk>", missing.give_up, name="give_up"),
]
