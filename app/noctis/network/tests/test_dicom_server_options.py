"""Options go before the configuration file, and both before the environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from noctis.env import ConfigurationError, Environment
from noctis.network.dicom_server.options import parser, wishes_of
from noctis.network.dicom_server.wishes import apply


def settings(tmp_path: Path, *options: str, config: dict[str, object] | None = None) -> dict[str, str]:
    arguments = ["start", *options]
    if config is not None:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        path.chmod(0o600)
        arguments += ["--config", str(path)]
    return wishes_of(parser().parse_args(arguments)).settings(tmp_path)


def test_every_option_becomes_a_setting(tmp_path: Path) -> None:
    options = ["--aet", "PACS", "--port", "104", "--host", "10.0.0.1", "--data-dir", "/data", "--max-connections", "7"]
    options += ["--max-pdu-size", "16384", "--allowed-ae", "CT1, MR 1", "--blocked-ae", "OLD", "--verbose", "--tls"]
    options += ["--tls-port", "2762", "--tls-certificate", "/c.pem", "--tls-private-key", "/k.pem"]
    options += ["--database", "postgres", "--database-url", "postgresql://u@db/x"]
    assert settings(tmp_path, *options) == {
        "NOCTIS_AE_TITLE": "PACS",
        "NOCTIS_DICOM_PORT": "104",
        "NOCTIS_DICOM_HOST": "10.0.0.1",
        "NOCTIS_DATA_DIR": "/data",
        "NOCTIS_DICOM_MAX_ASSOCIATIONS": "7",
        "NOCTIS_DICOM_MAX_PDU_SIZE": "16384",
        "NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES": "CT1,MR 1",
        "NOCTIS_DICOM_BLOCKED_CALLING_AE_TITLES": "OLD",
        "NOCTIS_DICOM_VERBOSE": "on",
        "NOCTIS_DICOM_TLS_PORT": "2762",
        "NOCTIS_DICOM_TLS_CERTIFICATE": "/c.pem",
        "NOCTIS_DICOM_TLS_PRIVATE_KEY": "/k.pem",
        "NOCTIS_DATABASE_URL": "postgresql://u@db/x",
    }


def test_an_option_goes_before_the_file(tmp_path: Path) -> None:
    config: dict[str, object] = {"port": 1111, "aeTitle": "OF_FILE", "verbose": True, "allowedCallingAETitles": ["A"]}
    found = settings(tmp_path, "--port", "2222", "--no-verbose", "--allowed-ae", "B", config=config)
    assert found["NOCTIS_DICOM_PORT"] == "2222"
    assert found["NOCTIS_AE_TITLE"] == "OF_FILE"
    assert found["NOCTIS_DICOM_VERBOSE"] == "off"
    assert found["NOCTIS_DICOM_ALLOWED_CALLING_AE_TITLES"] == "B"


def test_both_go_before_the_environment_and_its_files(tmp_path: Path) -> None:
    secret, file = tmp_path / "password", tmp_path / "noctis.env"
    secret.write_text("of the environment", encoding="utf-8")
    file.write_text(
        f"NOCTIS_AE_TITLE=OF_ENV\nNOCTIS_DATABASE_PASSWORD_FILE={secret}\nNOCTIS_DICOM_PORT=3\n", encoding="utf-8"
    )
    environment = {"NOCTIS_ENV_FILE": str(file), "NOCTIS_DATABASE_URL": "postgresql://other@db/other"}
    apply(settings(tmp_path, "--port", "2", config={"databaseURL": "postgres://u:of-file@db/x"}), environment)
    env = Environment(environment)
    assert env.text("NOCTIS_DICOM_PORT") == "2"
    assert env.text("NOCTIS_AE_TITLE") == "OF_ENV"
    assert env.text("NOCTIS_DATABASE_URL") == "postgres://u@db/x"
    assert env.text("NOCTIS_DATABASE_PASSWORD") == "of-file"


def test_sqlite_is_the_file_in_the_data_directory_whatever_the_environment_says(tmp_path: Path) -> None:
    assert settings(tmp_path, "--database", "sqlite")["NOCTIS_DATABASE_URL"] == ""


def test_without_a_database_the_index_lies_among_what_is_made_again(tmp_path: Path) -> None:
    found = settings(tmp_path, "--database", "none")
    assert found["NOCTIS_DATABASE_URL"] == f"sqlite://{tmp_path}/run/files_only.sqlite3"


def test_tls_that_is_turned_off_needs_no_files(tmp_path: Path) -> None:
    config: dict[str, object] = {"enableTLS": True, "tlsCertificate": "/c", "tlsPrivateKey": "/k"}
    assert settings(tmp_path, config=config)["NOCTIS_DICOM_TLS_CERTIFICATE"] == "/c"
    assert settings(tmp_path, "--no-tls", config=config)["NOCTIS_DICOM_TLS_CERTIFICATE"] == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--tls-certificate", "/c"], "TLS is not turned on"),
        (["--database", "sqlite", "--database-url", "postgresql://u@db/x"], "do not belong together"),
        (["--database-url", "postgresql://u:geheim@db/x"], "NOCTIS_DATABASE_PASSWORD_FILE"),
    ],
)
def test_wishes_that_do_not_fit_are_refused(tmp_path: Path, options: list[str], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        settings(tmp_path, *options)
    assert sentence in str(error.value)
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "0"],
        ["--port", "x"],
        ["--aet", "A" * 17],
        ["--max-pdu-size", "1"],
        ["--database", "mysql"],
        ["--por", "5"],
    ],
)
def test_a_wrong_option_ends_with_the_usage(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        settings(tmp_path, *options)
    assert end.value.code == 2
    assert "usage: dicom-server" in capsys.readouterr().err
