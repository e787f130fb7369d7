"""Addresses of the administration pages, below ``/admin/``."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from noctis.operations.views import (
    api_tokens,
    application_entities,
    audit,
    entity_tools,
    facilities,
    onboarding,
    overview,
    statistics,
    storage_commitment,
    users,
)

app_name = "operations"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("users", users.users, name="users"),
    path("users/new", users.new_user, name="new_user"),
    path("users/<int:pk>", users.edit_user, name="edit_user"),
    path("users/<int:pk>/link", users.user_link, name="user_link"),
    path("users/<int:pk>/active", users.user_active, name="user_active"),
    path("api-tokens", api_tokens.api_tokens, name="api_tokens"),
    path("api-tokens/<int:pk>/revoke", api_tokens.revoke, name="revoke_api_token"),
    path("facilities", facilities.facilities, name="facilities"),
    path("facilities/new", facilities.new_facility, name="new_facility"),
    path("facilities/<int:pk>", facilities.edit_facility, name="edit_facility"),
    path("application-entities", application_entities.application_entities, name="application_entities"),
    path("application-entities/refused", application_entities.refused_associations, name="refused_associations"),
    path("application-entities/new", application_entities.new_application_entity, name="new_application_entity"),
    path(
        "application-entities/<int:pk>",
        application_entities.edit_application_entity,
        name="edit_application_entity",
    ),
    path(
        "application-entities/<int:pk>/active",
        application_entities.application_entity_active,
        name="application_entity_active",
    ),
    path(
        "application-entities/<int:pk>/echo",
        entity_tools.echo_application_entity,
        name="echo_application_entity",
    ),
    path(
        "application-entities/<int:pk>/settings-sheet",
        entity_tools.application_entity_sheet,
        name="application_entity_sheet",
    ),
    path("connect", onboarding.connect_modality, name="connect_modality"),
    path("connect/attempts", onboarding.connect_attempts, name="connect_attempts"),
    path("connect/attempts/<int:pk>/fix", onboarding.attempt_fix, name="attempt_fix"),
    path("connect/attempts/<int:pk>/take-back", onboarding.attempt_take_back, name="attempt_take_back"),
    path("connect/titles/<int:pk>/remove", onboarding.further_title_remove, name="further_title_remove"),
    path("connect/settings-sheet", entity_tools.settings_sheet, name="settings_sheet"),
    path(
        "quarantine",
        RedirectView.as_view(pattern_name="quality_control:quarantine", query_string=False),
        name="quarantine",
    ),
    path("storage-commitment", storage_commitment.storage_commitment, name="storage_commitment"),
    path("storage-commitment/<int:pk>", storage_commitment.commitment, name="commitment"),
    path("storage-commitment/<int:pk>/send", storage_commitment.commitment_send, name="commitment_send"),
    path("statistics", statistics.statistics, name="statistics"),
    path("statistics/figures", statistics.statistics_figures, name="statistics_figures"),
    path("audit", audit.audit_log, name="audit_log"),
]
