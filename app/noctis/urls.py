"""Every address of the appliance."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from noctis.api.api import api
from noctis.health import healthz
from noctis.live.stream import live_events

urlpatterns = [
    # First, because a viewer asks for hundreds of frames at once, and every address before it is tried for each.
    path("dicom-web/", include("noctis.dicomweb.urls")),
    path("", RedirectView.as_view(url="/worklist"), name="home"),
    path("healthz", healthz, name="healthz"),
    path("events/live", live_events, name="live_events"),
    path("", include("noctis.accounts.urls")),
    path("", include("noctis.preferences.urls")),
    path("", include("noctis.reading_worklist.urls")),
    path("", include("noctis.viewer.urls")),
    path("", include("noctis.study_notes.urls")),
    path("", include("noctis.corrections.urls")),
    path("", include("noctis.reports.urls")),
    path("", include("noctis.reports.output.urls")),
    path("", include("noctis.key_images.urls")),
    path("", include("noctis.presentation_states.urls")),
    path("", include("noctis.attachments.urls")),
    path("", include("noctis.notifications.urls")),
    path("", include("noctis.scheduling.urls")),
    path("", include("noctis.dashboards.urls")),
    path("", include("noctis.routing.urls")),
    path("", include("noctis.sharing.urls")),
    path("api/v1/", api.urls),
    path("", include("noctis.quality_control.flag_urls")),
    path("", include("noctis.quality_control.urls")),
    path("admin", RedirectView.as_view(url="/admin/"), name="administration"),
    path("admin/", include("noctis.backup.urls")),
    path("", include("noctis.readiness.urls")),
    path("", include("noctis.monitoring.urls")),
    path("admin/", include("noctis.operations.urls")),
]
