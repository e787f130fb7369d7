"""What may stand for a UID or an element in an address: anything else is no address at all."""

from __future__ import annotations

from django.urls import register_converter

from noctis.dicom.uids import is_valid_uid


class UidConverter:
    """A valid UID."""

    regex = "[0-9.]{1,64}"

    def to_python(self, value: str) -> str:
        """Refuse what only looks like a UID."""
        if not is_valid_uid(value):
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        """Return the UID."""
        return value


class ElementPathConverter:
    """An element, if need be within items of sequences, such as ``54000100/0/54001010``."""

    regex = "(?:[0-9A-F]{8}/[0-9]{1,6}/){0,16}[0-9A-F]{8}"

    def to_python(self, value: str) -> str:
        """Return the path."""
        return value

    def to_url(self, value: str) -> str:
        """Return the path."""
        return value


def register() -> None:
    """Make ``<uid:…>`` and ``<element_path:…>`` known to Django."""
    register_converter(UidConverter, "uid")
    register_converter(ElementPathConverter, "element_path")
