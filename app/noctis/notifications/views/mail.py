"""The administration's page of e-mail: what waits and what failed, another try, and a test of the settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from email.errors import MessageError
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from noctis.accounts.models import User
from noctis.accounts.permissions import administrators_only, signed_in_user
from noctis.audit.actions import record
from noctis.audit.models import Action
from noctis.notifications.actions import send_mail_again
from noctis.notifications.mail_content import UNUSABLE_ADDRESS, trial_message
from noctis.notifications.models import Mail, MailState
from noctis.notifications.smtp import MailFailure, mail_server

PAGE_SIZE: Final = 50
SESSION_KEY: Final = "mail_test"
LONGEST_KEY: Final = 18


class TestMailForm(forms.Form):
    """Whom to send a test to."""

    __test__ = False  # no test, whatever its name begins with
    to = forms.EmailField(label="Send a test to", max_length=254)


@dataclass(frozen=True)
class Outcome:
    """What came of a test: in the server's own words."""

    to: str
    taken: bool
    answer: str


@administrators_only
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """List e-mail, the last first; ``state`` narrows."""
    form = TestMailForm(initial={"to": signed_in_user(request).email})
    return render(request, "notifications/mail_page.html", _page(request, form))


@administrators_only
@require_POST
def mail_test(request: HttpRequest) -> HttpResponse:
    """Send a test at once and show what the server said."""
    form = TestMailForm(request.POST)
    if not settings.NOCTIS_SMTP_HOST or not form.is_valid():
        return render(request, "notifications/mail_page.html", _page(request, form))
    outcome = _try(form.cleaned_data["to"], signed_in_user(request))
    request.session[SESSION_KEY] = asdict(outcome)
    return redirect("mail")


@administrators_only
@require_POST
def mail_again(request: HttpRequest) -> HttpResponse:
    """Try one e-mail again, or everything that failed or waits."""
    pk = request.POST.get("pk", "")
    is_key = pk.isascii() and pk.isdigit() and len(pk) <= LONGEST_KEY
    chosen = Mail.objects.filter(pk=int(pk)) if is_key else Mail.objects.all()
    count = send_mail_again(chosen, acting_user=signed_in_user(request))
    words = "It is tried again now." if count == 1 else f"{count} e-mails are tried again now."
    messages.success(request, words if count else "Nothing waits and nothing failed.")
    return redirect("mail")


def _try(to: str, user: User) -> Outcome:
    try:
        with mail_server() as server:
            outcome = Outcome(to, taken=True, answer=server.send(trial_message(to, str(uuid4()))))
    except MailFailure as error:
        outcome = Outcome(to, taken=False, answer=str(error))
    except (ValueError, MessageError) as error:
        outcome = Outcome(to, taken=False, answer=f"{UNUSABLE_ADDRESS} {error}")
    record(Action.MAIL_TRIED, acting_user=user, taken=outcome.taken, answer=outcome.answer)
    return outcome


def _page(request: HttpRequest, form: TestMailForm) -> dict[str, Any]:
    state = request.GET.get("state", "")
    found = Mail.objects.select_related("user").annotate(told=Count("notifications"))
    if state in MailState.values:
        found = found.filter(state=state)
    before = request.GET.get("before", "")
    is_key = before.isascii() and before.isdigit() and len(before) <= LONGEST_KEY
    rows = list((found.filter(pk__lt=int(before)) if is_key else found).order_by("-pk")[: PAGE_SIZE + 1])
    return {
        "form": form,
        "mails": rows[:PAGE_SIZE],
        "next_before": rows[PAGE_SIZE - 1].pk if len(rows) > PAGE_SIZE else None,
        "is_first": not is_key,
        "state": state if state in MailState.values else "",
        "states": MailState.choices,
        "outcome": request.session.pop(SESSION_KEY, None) if request.method == "GET" else None,
        "troubled": Mail.objects.filter(state=MailState.FAILED).exists()
        or Mail.objects.filter(state=MailState.WAITING, attempts__gt=0).exists(),
        "server": settings,
    }
