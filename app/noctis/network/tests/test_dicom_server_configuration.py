"""The configuration file is understood key by key, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from noctis.dicom_destinations import KnownDestination, read_destinations
from noctis.env import ConfigurationError
from noctis.network.dicom_server.config_file import read_config_file
from noctis.network.dicom_server.wishes import Database

COMPLETE: dict[str, Any] = {
    "aeTitle": "HOSPITAL_PACS",
    "port": 11112,
    "dataDirectory": "/var/lib/dicom-server/data",
    "databaseURL": "",
    "maxConcurrentConnections": 50,
    "maxPDUSize": 65536,
    "allowedCallingAETitles": ["CT_SCANNER_1", "WORKSTATION_1"],
    "blockedCallingAETitles": ["OLD_DEVICE"],
    "knownDestinations": {"WORKSTATION": {"host": "192.168.1.100", "port": 104, "aeTitle": "WS"}},
    "enableTLS": True,
    "tlsCertificate": "/etc/dicom-server/certs/server.crt",
    "tlsPrivateKey": "/etc/dicom-server/certs/server.key",
    "verbose": False,
}


def written(folder: Path, content: object) -> Path:
    path = folder / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(0o640)
    return path


def test_every_key_becomes_a_setting(tmp_path: Path) -> None:
    wishes = read_config_file(written(tmp_path, COMPLETE))
    settings = wishes.settings(tmp_path)
    destinations = settings.pop("NOCTIS_DICOM_DESTINATIONS")
    assert settings == {
        "NOCTIS_AE_TITLE": "HOSPITAL_PACS",
        "NOCTIS_DICOM_PORT": "11112",
        "NOCTIS_DATA_DIR": "/var/lib/dicom-server/data",
        "NOCTIS_DICOM_MAX_ASSOCIATIONS": "50",
        "NOCTIS_DICOM_MAX_PDU_SIZE": "65536",
        "NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES": "CT_SCANNER_1,WORKSTATION_1",
        "NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES": "OLD_DEVICE",
        "NOCTIS_DICOM_TLS_CERTIFICATE": "/etc/dicom-server/certs/server.crt",
        "NOCTIS_DICOM_TLS_PRIVATE_KEY": "/etc/dicom-server/certs/server.key",
        "NOCTIS_DICOM_VERBOSE": "off",
    }
    assert read_destinations("", destinations.split(",")) == {
        "WORKSTATION": KnownDestination("WS", "192.168.1.100", 104)
    }


def test_what_is_left_out_says_nothing(tmp_path: Path) -> None:
    assert read_config_file(written(tmp_path, {})).settings(tmp_path) == {}


def test_destinations_may_be_a_list_and_hold_odd_titles(tmp_path: Path) -> None:
    content = {"knownDestinations": [{"aeTitle": "A=B@C", "host": "::1", "port": 104}]}
    settings = read_config_file(written(tmp_path, content)).settings(tmp_path)
    assert read_destinations("", settings["NOCTIS_DICOM_DESTINATIONS"].split(",")) == {
        "A=B@C": KnownDestination("A=B@C", "::1", 104)
    }


@pytest.mark.parametrize(
    "word", ["WS", "WS=host", "WS=host:x", "WS=host:0", "WS=:104", f"{'A' * 17}=host:104", "=host:104"]
)
def test_a_destination_that_cannot_be_read_is_named(word: str) -> None:
    with pytest.raises(ConfigurationError, match="NOCTIS_DICOM_DESTINATIONS"):
        read_destinations("NOCTIS_DICOM_DESTINATIONS", [word])


@pytest.mark.parametrize(
    ("text", "kind", "url", "password"),
    [
        ("sqlite:///srv/index.db", Database.SQLITE, "sqlite:///srv/index.db", ""),
        ("none", Database.NONE, "", ""),
        ("postgresql://noctis@db/pacs", Database.POSTGRES, "postgresql://noctis@db/pacs", ""),
        (
            "postgres://u:s%40cret@db:5433/p?sslmode=require",
            Database.POSTGRES,
            "postgres://u@db:5433/p?sslmode=require",
            "s@cret",
        ),
    ],
)
def test_a_database_address_gives_its_password_away_from_the_url(
    tmp_path: Path, text: str, kind: Database, url: str, password: str
) -> None:
    address = read_config_file(written(tmp_path, {"databaseURL": text})).database
    assert address is not None
    assert (address.kind, address.url, address.password) == (kind, url, password)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"aetitle": "X"}, "“aetitle” is not a key of this file. Is “aeTitle” meant?"),
        ({"maxConnections": 5}, "“maxConnections” is not a key of this file. Is “maxConcurrentConnections” meant?"),
        ({"colour": "red"}, "“colour” is not a key of this file. Those are: aeTitle, port,"),
        ({"aeTitle": 5}, "aeTitle must be a text, not 5."),
        ({"aeTitle": "A" * 17}, "aeTitle must be an AE title"),
        ({"aeTitle": None}, "aeTitle must be a text, not null."),
        ({"port": "11112"}, 'port must be a whole number from 1 to 65535, not "11112".'),
        ({"port": True}, "port must be a whole number from 1 to 65535, not true."),
        ({"port": 0}, "port must be a whole number from 1 to 65535, not 0."),
        ({"port": 104.0}, "port must be a whole number from 1 to 65535, not 104.0."),
        ({"dataDirectory": "data"}, "dataDirectory must be a whole path that begins with “/”, not “data”."),
        ({"databaseURL": 5}, "databaseURL must be a text, not 5."),
        ({"databaseURL": "mysql://u:geheim@db/x"}, "databaseURL must be postgresql://user@host:5432/name"),
        ({"databaseURL": "postgresql://u:geheim@db"}, "databaseURL must be postgresql://user@host:5432/name"),
        ({"databaseURL": "postgresql://u:geheim@[db/x"}, "databaseURL is not the address of a database."),
        ({"maxConcurrentConnections": 0}, "maxConcurrentConnections must be a whole number from 1 to 1000, not 0."),
        ({"maxPDUSize": 1024}, "maxPDUSize must be a whole number from 4096 to 1048576, not 1024."),
        ({"allowedCallingAETitles": "CT1"}, 'allowedCallingAETitles must be a list of AE titles, not "CT1".'),
        ({"allowedCallingAETitles": []}, "allowedCallingAETitles must be a list with at least one AE title"),
        ({"allowedCallingAETitles": ["CT1", 2]}, "allowedCallingAETitles must be a text, not 2."),
        ({"blockedCallingAETitles": {"CT1": 1}}, "blockedCallingAETitles must be a list of AE titles, not an object."),
        ({"blockedCallingAETitles": ["A,B"]}, "blockedCallingAETitles must be an AE title without a comma."),
        ({"knownDestinations": "WS"}, "knownDestinations must be an object or a list of destinations"),
        ({"knownDestinations": {"WS": "host"}}, "destination “WS” is"),
        ({"knownDestinations": {"WS": {"host": "h"}}}, "destination “WS” needs port."),
        ({"knownDestinations": {"WS": {"host": "h", "port": "1"}}}, "destination “WS” needs a whole number"),
        ({"knownDestinations": {"WS": {"host": "h,x", "port": 1}}}, "destination “WS” needs a host name"),
        ({"knownDestinations": {"WS": {"host": "h", "port": 1, "tls": 1}}}, "destination “WS” has “tls”."),
        ({"knownDestinations": [{"host": "h", "port": 1}]}, "each destination needs aeTitle."),
        ({"enableTLS": "yes"}, 'enableTLS must be true or false, not "yes".'),
        ({"tlsCertificate": "server.crt"}, "tlsCertificate must be a whole path"),
        ({"tlsPrivateKey": ["/x"]}, "tlsPrivateKey must be a text, not a list."),
        ({"verbose": 1}, "verbose must be true or false, not 1."),
        ([], 'must hold one JSON object, such as {"port": 11112}.'),
        ("{", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2."),
        ('{"port": 1, "port": 2}', "“port” stands there more than once."),
        ("", "is not JSON"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: object, sentence: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ConfigurationError) as error:
        read_config_file(path)
    assert str(error.value).startswith(str(path))
    assert sentence in str(error.value)
    assert "geheim" not in str(error.value)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_config_file(written(tmp_path, {"port": 0, "colour": 1, "verbose": 2}))
    assert len(str(error.value).splitlines()) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.json cannot be read: No such file"):
        read_config_file(tmp_path / "gone.json")


def test_a_password_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, {"databaseURL": "postgresql://u:geheim@db/x"})
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 640") as error:
        read_config_file(path)
    assert "geheim" not in str(error.value)
