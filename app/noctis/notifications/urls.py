"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.notifications.views import bell, mail, preferences

urlpatterns = [
    path("notifications", bell.notifications, name="notifications"),
    path("notifications/latest", bell.latest, name="notifications_latest"),
    path("notifications/read", bell.read, name="notifications_read"),
    path("notifications/<uuid:uid>/open", bell.open_notification, name="notification_open"),
    path("notifications/preferences", preferences.preferences, name="notification_preferences"),
    path("admin/mail", mail.mail, name="mail"),
    path("admin/mail/test", mail.mail_test, name="mail_test"),
    path("admin/mail/again", mail.mail_again, name="mail_again"),
]
