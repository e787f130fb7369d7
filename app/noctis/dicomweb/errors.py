"""What can go wrong with a request: raised inside, turned into an HTTP status at the edge (PS3.18 8.5)."""

from __future__ import annotations

from http import HTTPStatus


class DicomwebError(Exception):
    """A request that is not answered as asked; the text is one sentence for the client, without patient data."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class BadRequest(DicomwebError):
    """The request itself is wrong."""

    status = HTTPStatus.BAD_REQUEST


class NoSuchResource(DicomwebError):
    """There is no such thing, or not for this user: both are answered alike."""

    status = HTTPStatus.NOT_FOUND


class NotAcceptable(DicomwebError):
    """The client accepts no form in which the resource can be sent."""

    status = HTTPStatus.NOT_ACCEPTABLE


class UnreadableInstance(DicomwebError):
    """The stored object is damaged or cannot be decoded; its bytes can still be retrieved."""
