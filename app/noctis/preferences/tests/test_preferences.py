"""Preferences: one's own alone, what is kept, what is refused, and that one section leaves the others alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from noctis.accounts.models import User
from noctis.preferences.models import Preferences
from noctis.preferences.sections import LARGEST, InvalidSection, checked

VIEWER = {
    "format": 1,
    "presets": {"CT": [{"label": "Lung – wide", "center": -550, "width": 1800.5, "key": "2"}]},
    "mouse": {"middle": "zoom", "wheel": "zoom"},
    "overlays": {"shown": False, "size": "large"},
    "cineRate": 24,
    "tool": "length",
    "singleKeys": False,
    "keys": {"tool-length": ["j", "Shift+l", "F2"], "cine": [" "], "undo": []},
    "follow": {"window": True},
}


def put(client: Client, name: str, body: object) -> Any:
    return client.put(f"/preferences/{name}", data=json.dumps(body), content_type="application/json")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_a_user_prefers_comes_back_in_the_next_session(people):
    kept = put(client_of(people.radiologist), "viewer", VIEWER)
    assert (kept.status_code, kept.json()) == (200, VIEWER)
    found = client_of(people.radiologist).get("/preferences")
    assert found.json() == {"viewer": VIEWER}
    assert "no-store" in found["Cache-Control"]


def test_nobody_reads_or_changes_the_preferences_of_others(people):
    put(client_of(people.radiologist), "viewer", VIEWER)
    assert client_of(people.administrator).get("/preferences").json() == {}
    put(client_of(people.administrator), "viewer", {"format": 1})
    assert client_of(people.radiologist).get("/preferences").json() == {"viewer": VIEWER}


def test_one_section_leaves_the_others_alone(people):
    hanging = {"format": 1, "protocols": [{"modality": "CT", "layout": [2, 2]}]}
    client = client_of(people.radiologist)
    put(client, "viewer", VIEWER)
    put(client, "hanging", hanging)
    put(client, "viewer", {"format": 1})
    assert client.get("/preferences").json() == {"viewer": {"format": 1}, "hanging": hanging}


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": "1"},
        {"colour": "red"},
        {"presets": {"ct!": []}},
        {"presets": {"CT": [{"label": "", "center": 0, "width": 1}]}},
        {"presets": {"CT": [{"label": "A\nB", "center": 0, "width": 1}]}},
        {"presets": {"CT": [{"label": "A", "center": 0, "width": 0}]}},
        {"presets": {"CT": [{"label": "A", "center": float("inf"), "width": 1}]}},
        {"presets": {"CT": [{"label": "A", "center": "0", "width": 1}]}},
        {"presets": {"CT": [{"label": "A", "center": 0, "width": 1, "key": "12"}]}},
        {"presets": {"CT": [{"label": "A", "center": 0, "width": 1}] * 21}},
        {"mouse": {"left": "pan"}},
        {"mouse": {"right": "explode"}},
        {"cineRate": 0},
        {"cineRate": True},
        {"keys": {"tool-length": ["Ctrl+w"]}},
        {"keys": {"<b>": ["l"]}},
        {"tool": "nul\0"},
    ],
)
def test_what_the_viewer_cannot_use_is_refused_and_what_was_kept_stays(people, change):
    client = client_of(people.radiologist)
    put(client, "viewer", VIEWER)
    answer = put(client, "viewer", VIEWER | change)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert client.get("/preferences").json() == {"viewer": VIEWER}


@pytest.mark.parametrize("value", ["a\0b", "\ud800", float("nan"), float("inf"), {"\0": 1}, "x" * LARGEST])
def test_what_no_database_keeps_is_refused_wherever_it_stands(people, value):
    answer = put(client_of(people.radiologist), "hanging", {"format": 1, "deep": [{"in": value}]})
    assert answer.status_code == 400
    assert not Preferences.objects.exists()


def test_endless_nesting_is_refused():
    nested: list[Any] = []
    for _ in range(40):
        nested = [nested]
    with pytest.raises(InvalidSection, match="deep"):
        checked("hanging", {"format": 1, "nested": nested})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(people, body):
    answer = client_of(people.owner).put("/preferences/viewer", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_a_body_that_is_far_too_long_is_refused_unread(people):
    body = b'{"format": 1, "x": "' + b"x" * 2 * LARGEST + b'"}'
    answer = client_of(people.owner).put("/preferences/hanging", data=body, content_type="application/json")
    assert answer.status_code == 413


def test_a_section_that_nobody_owns_does_not_exist(people):
    assert put(client_of(people.owner), "colours", {"format": 1}).status_code == 404
