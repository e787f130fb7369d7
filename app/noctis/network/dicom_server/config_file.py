"""The configuration file of ``dicom-server``: one JSON object. What it holds is understood, or refused by name."""

from __future__ import annotations

import difflib
import json
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from noctis.dicom.ae_titles import AeTitleError, normalise_ae_title
from noctis.dicom_destinations import HIGHEST_PORT, KnownDestination
from noctis.env import ConfigurationError
from noctis.network.dicom_server.wishes import DatabaseAddress, Wishes

CONNECTIONS: Final = (1, 1000)
PDU_SIZES: Final = (4096, 1048576)


class Unfit(Exception):
    """A value cannot be used; the text says what it must be, to go on after “port must be ”."""


def read_config_file(path: Path) -> Wishes:
    """Return what the file says. Raises ConfigurationError, which names everything that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text, object_pairs_hook=_without_repetition)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not text in UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ConfigurationError(f"{path} is not JSON: {error.msg} at {where}.") from error
    except Unfit as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f'{path} must hold one JSON object, such as {{"port": 11112}}.')
    wishes, troubles = _understood(content)
    if troubles:
        raise ConfigurationError("\n".join(f"{path}: {trouble}" for trouble in troubles))
    if wishes.database is not None and wishes.database.password and path.stat().st_mode & stat.S_IROTH:
        raise ConfigurationError(
            f"{path} holds the password of the database and everybody may read it: chmod 640 {path}"
        )
    return wishes


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands there twice: only one of them could count."""
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        raise Unfit(f"“{next(name for name in names if names.count(name) > 1)}” stands there more than once.")
    return content


def _understood(content: Mapping[str, Any]) -> tuple[Wishes, list[str]]:
    values: dict[str, Any] = {}
    troubles = []
    for key, value in content.items():
        if key not in _KEYS:
            troubles.append(f"“{key}” is not a key of this file.{_likely(key, _KEYS)}")
            continue
        name, read = _KEYS[key]
        try:
            values[name] = read(value)
        except Unfit as error:
            troubles.append(f"{key} must be {error}.")
        except ConfigurationError as error:
            troubles.append(str(error))
    return Wishes(**values), troubles


def _likely(key: str, keys: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in keys}
    close = difflib.get_close_matches(key.lower(), by_lower, n=1)
    return f" Is “{by_lower[close[0]]}” meant?" if close else f" Those are: {', '.join(keys)}."


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"a text, not {_kind(value)}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"true or false, not {_kind(value)}")
    return value


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Unfit(f"a whole number from {low} to {high}, not {_kind(value)}")
        return value

    return read


def _path(value: object) -> str:
    text = _text(value)
    if not text.startswith("/"):
        raise Unfit(f"a whole path that begins with “/”, not “{text}”")
    return text


def _folder(value: object) -> Path:
    return Path(_path(value))


def _ae_title(value: object) -> str:
    text = _text(value)
    try:
        title = normalise_ae_title(text)
    except AeTitleError as error:
        raise Unfit(f"an AE title, not “{text}” (“{error}”)") from error
    if "," in title:
        raise Unfit("an AE title without a comma")
    return title


def _ae_titles(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Unfit(f"a list of AE titles, not {_kind(value)}")
    return tuple(_ae_title(one) for one in value)


def _some_ae_titles(value: object) -> tuple[str, ...]:
    titles = _ae_titles(value)
    if not titles:
        raise Unfit("a list with at least one AE title; leave it out where nobody shall be kept out by it")
    return titles


def _database(value: object) -> DatabaseAddress | None:
    """Read an address; an empty one says nothing."""
    if not isinstance(value, str):
        raise Unfit(f"a text, not {_kind(value)}")
    return DatabaseAddress.read("databaseURL", value.strip()) if value.strip() else None


def _destinations(value: object) -> dict[str, KnownDestination]:
    """Read ``{TITLE: {host, port, aeTitle}}``, or a list of such objects."""
    if isinstance(value, dict):
        return {_ae_title(title): _destination(title, one) for title, one in value.items()}
    if isinstance(value, list):
        found = [_destination(None, one) for one in value]
        return {one.ae_title: one for one in found}
    raise Unfit(f"an object or a list of destinations, not {_kind(value)}")


def _destination(title: str | None, value: object) -> KnownDestination:
    where = f"destination “{title}”" if title else "each destination"
    if not isinstance(value, dict):
        raise Unfit(f"made of objects with host and port; {where} is {_kind(value)}")
    if unknown := sorted(value.keys() - {"host", "port", "aeTitle"}):
        raise Unfit(f"made of objects with host, port and aeTitle; {where} has “{unknown[0]}”")
    missing = {"host", "port", *([] if title else ["aeTitle"])} - value.keys()
    if missing:
        raise Unfit(f"complete; {where} needs {' and '.join(sorted(missing))}")
    try:
        called = _ae_title(value.get("aeTitle", title))
        return KnownDestination(called, _host(value["host"]), _whole(1, HIGHEST_PORT)(value["port"]))
    except Unfit as error:
        raise Unfit(f"right in each part; {where} needs {error}") from error


def _host(value: object) -> str:
    text = _text(value)
    if any(character in text for character in ",@/ "):
        raise Unfit(f"a host name or an address, not “{text}”")
    return text


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False)


_KEYS: Final[dict[str, tuple[str, Callable[[object], Any]]]] = {
    "aeTitle": ("ae_title", _ae_title),
    "port": ("port", _whole(1, HIGHEST_PORT)),
    "dataDirectory": ("data_directory", _folder),
    "databaseURL": ("database", _database),
    "maxConcurrentConnections": ("maximum_connections", _whole(*CONNECTIONS)),
    "maxPDUSize": ("maximum_pdu_size", _whole(*PDU_SIZES)),
    "allowedCallingAETitles": ("allowed", _some_ae_titles),
    "blockedCallingAETitles": ("blocked", _ae_titles),
    "knownDestinations": ("destinations", _destinations),
    "enableTLS": ("uses_tls", _flag),
    "tlsCertificate": ("tls_certificate", _path),
    "tlsPrivateKey": ("tls_private_key", _path),
    "verbose": ("is_verbose", _flag),
}
