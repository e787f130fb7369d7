"""Users: who may come in, and as what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from noctis.accounts.actions import AccountError, add_user, change_user, issue_set_up_link, set_user_active
from noctis.accounts.models import SET_UP_LINK_LIFETIME, User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.operations.forms import NewUserForm, UserForm


@administrators_only
@require_safe
def users(request: HttpRequest) -> HttpResponse:
    """List everybody, deactivated users last."""
    everybody = User.objects.select_related("facility").order_by("-is_active", "username")
    return render(request, "operations/users.html", {"users": everybody})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_user(request: HttpRequest) -> HttpResponse:
    """Add a user and show the one-time link to hand over."""
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        acting_user = signed_in_user(request)
        user = add_user(form.cleaned_data["username"], form.particulars, acting_user=acting_user)
        return _show_link(request, user)
    return render(request, "operations/user_form.html", {"form": form})


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def edit_user(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a user's particulars."""
    user = get_object_or_404(User, pk=pk)
    initial = {name: getattr(user, name) for name in ("full_name", "email", "role", "facility")}
    form = UserForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_user(user, form.particulars, acting_user=signed_in_user(request))
        except AccountError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{user.username} is saved.")
            return redirect("operations:users")
    return render(request, "operations/user_form.html", {"form": form, "edited": user})


@administrators_only
@require_POST
def user_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a user a new one-time link."""
    return _show_link(request, get_object_or_404(User, pk=pk, is_active=True))


@administrators_only
@require_POST
def user_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate a user, or let them in again."""
    user = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "yes"
    try:
        set_user_active(user, active=active, acting_user=signed_in_user(request))
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{user.username} is {'active again' if active else 'deactivated'}.")
    return redirect("operations:users")


def _show_link(request: HttpRequest, user: User) -> HttpResponse:
    """Show the link in the answer itself: nothing keeps it."""
    context = {
        "edited": user,
        "link": issue_set_up_link(user, acting_user=signed_in_user(request)),
        "hours": int(SET_UP_LINK_LIFETIME.total_seconds() // 3600),
    }
    return render(request, "operations/user_link.html", context)
