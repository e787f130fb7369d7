"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.accounts import views

urlpatterns = [
    path("sign-in", views.SignIn.as_view(), name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("account/session", views.session, name="session"),
    path("account/signed-in", views.signed_in, name="signed_in"),
    path("set-up/<str:token>", views.set_up, name="set_up"),
    path("account/password", views.own_password, name="own_password"),
    path("account/tokens", views.own_tokens, name="own_tokens"),
    path("account/tokens/<int:pk>/revoke", views.revoke_own_token, name="revoke_own_token"),
]
