"""Addresses of this app: those of people inside, the door, and below ``guest/`` all that a guest may call."""

from __future__ import annotations

from django.urls import path

from noctis.sharing import guest_views, views
from noctis.sharing.guest_dicomweb import guest_addresses

GUEST = "guest/<uuid:share_uid>"

urlpatterns = [
    path("studies/<uid:study_uid>/share", views.share_study, name="share_study"),
    path("shares", views.shares, name="shares"),
    path("shares/<int:pk>/revoke", views.revoke_share, name="revoke_share"),
    path("shares/<int:pk>/extend", views.extend_share, name="extend_share"),
    path("shares/<int:pk>/code", views.renew_share_code, name="renew_share_code"),
    path("shares/facilities/<int:pk>", views.facility_sharing, name="facility_sharing"),
    path("shared/<str:token>", guest_views.shared, name="shared"),
    path(GUEST, guest_views.guest, name="guest"),
    path(f"{GUEST}/viewer", guest_views.guest_viewer, name="guest_viewer"),
    path(f"{GUEST}/report", guest_views.guest_report, name="guest_report"),
    path(f"{GUEST}/report.pdf", guest_views.guest_report_file, name="guest_report_file"),
    path(
        f"{GUEST}/report/pictures/<uid:instance_uid>/<int:frame_number>",
        guest_views.guest_report_picture,
        name="guest_report_picture",
    ),
    path(f"{GUEST}/session", guest_views.guest_session, name="guest_session"),
    path(f"{GUEST}/leave", guest_views.guest_leave, name="guest_leave"),
    *guest_addresses(f"{GUEST}/dicom-web"),
]
