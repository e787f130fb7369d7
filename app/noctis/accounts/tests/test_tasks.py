"""Housekeeping."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from noctis.accounts.tasks import remove_ended_sessions


@pytest.mark.django_db
def test_only_ended_sessions_are_removed():
    now = timezone.now()
    Session.objects.create(session_key="ended", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="running", session_data="", expire_date=now + timedelta(minutes=1))
    remove_ended_sessions.call_local()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["running"]
