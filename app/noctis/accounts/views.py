"""Signing in and out, the one-time set-up link and the own password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.actions import LinkNotOpenError, change_own_password, choose_password, revoke_api_token
from noctis.accounts.client_address import client_address
from noctis.accounts.forms import ChangePasswordForm, ChoosePasswordForm, SignInForm
from noctis.accounts.models import ApiToken, SetUpLink
from noctis.accounts.permissions import signed_in_user

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105  (the name of a class)


class SignIn(LoginView):
    """The sign-in page; ``next`` is followed only within this site, a new session begins."""

    authentication_form = SignInForm
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    messages.success(request, "You are signed out.")
    return redirect("sign_in")


@require_safe
@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Tell a page that has been open for long who is signed in now, and the token that its next request needs.

    Signing in begins a new session with a new token, so a page that outlived its session must ask for it.
    """
    return JsonResponse({"user": signed_in_user(request).username, "csrfToken": get_token(request)})


@require_safe
@never_cache
def signed_in(request: HttpRequest) -> HttpResponse:
    """Send somebody who signed in beside an open viewer back to it."""
    return render(request, "accounts/signed_in.html", {"user": signed_in_user(request)})


@login_not_required
@never_cache
@sensitive_post_parameters()
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Let the user whom ``token`` belongs to choose a password, and sign them in."""
    link = SetUpLink.open_for(token)
    if link is None:
        return render(request, "accounts/set_up_link_ended.html", status=410)
    form = ChoosePasswordForm(link.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/set_up.html", {"form": form, "new_user": link.user})
    try:
        user = choose_password(link, form.cleaned_data["new_password1"], address=client_address(request))
    except LinkNotOpenError:
        return render(request, "accounts/set_up_link_ended.html", status=410)
    login(request, user, backend=PASSWORD_BACKEND)
    messages.success(request, "Your password is set.")
    return redirect("worklist")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Change the own password; this session goes on, the user's others end."""
    user = signed_in_user(request)
    form = ChangePasswordForm(user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/own_password.html", {"form": form})
    change_own_password(user, form.cleaned_data["new_password1"], address=client_address(request))
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. Other sessions of yours have ended.")
    return redirect("worklist")


@require_safe
def own_tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens with which programs act as this user."""
    tokens = ApiToken.objects.filter(user=signed_in_user(request)).select_related("user")
    return render(request, "accounts/own_tokens.html", {"tokens": tokens})


@require_POST
def revoke_own_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of the own tokens."""
    token = get_object_or_404(ApiToken, pk=pk, user=signed_in_user(request))
    revoke_api_token(token, acting_user=signed_in_user(request), address=client_address(request))
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("own_tokens")
