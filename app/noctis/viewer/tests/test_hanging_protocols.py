"""Hanging protocols: the appliance's own files, the site's beside them, and files that are wrong."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.urls import reverse

from noctis.viewer.hanging_protocols import OWN_DIRECTORY, UnusableFile, hanging_protocols, read

OWN = sorted(OWN_DIRECTORY.glob("*.json"))
SLOT = {"label": "PD", "show": [{"description": "pd"}]}
STAGE = {"name": "Two", "rows": 1, "columns": 2, "slots": [SLOT]}
GOOD = {
    "id": "site-knee",
    "name": "Knee of this site",
    "match": {"modalities": ["MR"], "bodyParts": ["KNEE"]},
    "stages": [STAGE],
}


@pytest.fixture
def directory(settings, tmp_path: Path) -> Path:
    made = tmp_path / "hanging"
    made.mkdir()
    settings.NOCTIS_HANGING_PROTOCOLS_DIR = str(made)
    return made


def write(directory: Path, protocol: object, name: str = "site.json") -> Path:
    path = directory / name
    path.write_text(json.dumps(protocol))
    return path


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_each_of_our_files_is_a_protocol_named_like_its_file(path: Path):
    assert read(path).id == path.stem


def test_the_viewer_gets_what_the_files_say(client, people, directory: Path):
    write(directory, GOOD)
    client.force_login(people.owner)
    given = {protocol["id"]: protocol for protocol in client.get(reverse("hanging_protocols")).json()["protocols"]}
    assert given["site-knee"] == GOOD
    assert len(given) == len(OWN) + 1


def test_a_site_replaces_one_of_ours_by_its_id(directory: Path):
    write(directory, GOOD | {"id": "mr-brain"})
    named = [protocol["name"] for protocol in hanging_protocols() if protocol["id"] == "mr-brain"]
    assert named == ["Knee of this site"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stages": []}, "stages"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"match": {"modalities": ["MR"], "description": "("}}, "is no regular expression"),
        ({"stages": [STAGE | {"columns": 5}]}, "stages.0.columns"),
        ({"stages": [STAGE | {"columns": 1, "slots": [SLOT, SLOT]}]}, "do not fit"),
        ({"id": "../x"}, "id"),
    ],
    ids=["no stage", "unknown word", "pattern", "too wide", "too many slots", "id"],
)
def test_a_wrong_file_is_named_with_its_mistake_and_left_out(directory: Path, caplog, change, words):
    path = write(directory, GOOD | change)
    with pytest.raises(UnusableFile, match=words):
        read(path)
    assert len(hanging_protocols()) == len(OWN)
    assert words in caplog.text
    found = [warning for warning in run_checks() if warning.id == "noctis.W010"]
    assert [str(path) in warning.msg and words in warning.msg for warning in found] == [True]


def test_a_file_that_is_no_json_or_too_large_is_left_out(directory: Path):
    (directory / "torn.json").write_text('{"id": ')
    (directory / "large.json").write_bytes(b" " * 300_000)
    assert len(hanging_protocols()) == len(OWN)


def test_a_directory_that_is_not_there_is_reported(settings, tmp_path: Path):
    settings.NOCTIS_HANGING_PROTOCOLS_DIR = str(tmp_path / "missing")
    assert [warning.id for warning in run_checks() if "missing" in warning.msg] == ["noctis.W010"]
    assert len(hanging_protocols()) == len(OWN)


def test_protocols_are_for_those_who_signed_in(client, db):
    answer = client.get(reverse("hanging_protocols"), headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
