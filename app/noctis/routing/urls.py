"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.routing.views import rules, send_to, transmissions

app_name = "routing"

urlpatterns = [
    path("send-to/<uid:study_uid>", send_to.send_to, name="send_to"),
    path("transmissions", transmissions.transmissions, name="transmissions"),
    path("transmissions/list", transmissions.transmission_list, name="transmission_list"),
    path("transmissions/<int:pk>", transmissions.transmission, name="transmission"),
    path("transmissions/<int:pk>/progress", transmissions.progress, name="transmission_progress"),
    path("transmissions/<int:pk>/cancel", transmissions.cancel, name="cancel_transmission"),
    path("transmissions/<int:pk>/retry", transmissions.retry, name="retry_transmission"),
    path("admin/forwarding-rules", rules.rules, name="forwarding_rules"),
    path("admin/forwarding-rules/new", rules.new_rule, name="new_forwarding_rule"),
    path("admin/forwarding-rules/<int:pk>", rules.edit_rule, name="edit_forwarding_rule"),
    path("admin/forwarding-rules/<int:pk>/active", rules.rule_active, name="forwarding_rule_active"),
    path("admin/forwarding-rules/<int:pk>/apply", rules.apply, name="apply_forwarding_rule"),
    path("admin/forwarding-rules/<int:pk>/cancel", rules.cancel, name="cancel_forwarding_rule"),
    path("admin/forwarding-rules/<int:pk>/remove", rules.remove, name="remove_forwarding_rule"),
]
