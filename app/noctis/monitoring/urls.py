"""Addresses of the alerts and of the metrics."""

from __future__ import annotations

from django.urls import path

from noctis.monitoring import views
from noctis.monitoring.metrics.endpoint import metrics

app_name = "monitoring"

urlpatterns = [
    path("metrics", metrics, name="metrics"),
    path("admin/alerts", views.alerts, name="alerts"),
    path("admin/alerts/figures", views.alert_figures, name="alert_figures"),
    path("admin/alerts/test", views.test_alert, name="test_alert"),
]
