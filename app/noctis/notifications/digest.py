"""The daily digest: one e-mail with what waited for it, at the time that its reader chose."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from noctis.accounts.models import User
from noctis.notifications.mail_queue import may_get_mail
from noctis.notifications.models import DIGEST_TIME, DigestPreference, Mail, Notification

MOST_USERS: Final = 5000


def make_digests(now: datetime) -> int:
    """Queue the digests whose time has come, by the clock of the installation; return how many."""
    waiting = Notification.objects.filter(waits_for_digest=True).values("user")
    users = User.objects.filter(pk__in=waiting, is_active=True).order_by("pk")[:MOST_USERS]
    return sum(_make_digest(user, timezone.localtime(now)) for user in users)


@transaction.atomic
def _make_digest(user: User, now: datetime) -> bool:
    DigestPreference.objects.get_or_create(user=user, defaults={"at": DIGEST_TIME})
    preference = DigestPreference.objects.select_for_update().get(user=user)
    if now.time() < preference.at or preference.made_on == now.date():
        return False
    preference.made_on = now.date()
    preference.save(update_fields=["made_on"])
    waiting = Notification.objects.filter(user=user, waits_for_digest=True)
    unread = list(waiting.unread().values_list("pk", flat=True))
    waiting.update(waits_for_digest=False)
    if not unread or not may_get_mail(user):
        return False
    mail = Mail.objects.create(user=user, event="")
    Notification.objects.filter(pk__in=unread).update(mail=mail)
    return True
