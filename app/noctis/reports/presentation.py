"""A report as JSON for its editor, and as what the page shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from noctis.accounts.models import Role, User
from noctis.attachments.models import Attachment
from noctis.reports import locks
from noctis.reports.content import SECTIONS, as_html, is_empty
from noctis.reports.difference import difference
from noctis.reports.models import Addendum, Report, ReportState
from noctis.reports.permissions import may_report


def written(report: Report | None, user: User) -> dict[str, Any]:
    """Return a report as JSON values; None is a study without one that ``user`` may read."""
    if report is None:
        return {"state": None, "version": 0, "content": {}, "addenda": [], "mayWrite": may_report(user), "writer": None}
    holder = locks.holder_of(report)
    return {
        "state": report.state if report.version else None,
        "version": report.version,
        "content": report.content,
        "addenda": [_addendum(addendum) for addendum in report.addenda.select_related("author")],
        "signedBy": _name(report.signed_by) if report.signed_by else None,
        "signedAt": report.signed_at.isoformat() if report.signed_at else None,
        "mayWrite": may_report(user),
        "writer": _name(holder) if holder and holder != user else None,
    }


def page_of(
    report: Report, user: User | None, picture_address: Callable[[Report, dict[str, Any]], str] | None = None
) -> dict[str, Any]:
    """Return what the report's page shows; earlier versions for those alone who may read what is not signed.

    A guest, who is no user, gets the pictures from addresses of their own.
    """
    picture_url = partial(picture_address or _picture_address, report)
    sections = [
        {"title": title, "html": as_html(report.content[key], picture_url)}
        for key, title in SECTIONS.items()
        if not is_empty(report.content.get(key))
    ]
    sees_all = user is not None and user.role != Role.FACILITY_USER
    addenda = [
        {
            "author": _name(addendum.author),
            "signed_at": addendum.signed_at,
            "html": as_html(addendum.document, picture_url),
        }
        for addendum in report.addenda.select_related("author")
    ]
    return {
        "report": report,
        "study": report.study,
        "state": ReportState(report.state).label,
        "author": _name(report.author),
        "signer": _name(report.signed_by) if report.signed_by else "",
        "sections": sections,
        "addenda": addenda,
        "despite": report.signed_despite if sees_all else [],
        "attachments": Attachment.objects.visible_to(user).of_report(report.study) if user is not None else [],
        "history": _history(report) if sees_all else [],
    }


def _picture_address(report: Report, image: dict[str, Any]) -> str:
    uids = report.study.study_instance_uid, image["instance"]
    address = reverse("report_picture", args=[*uids, image["frame"]])
    window = {"center": image["center"], "width": image["width"]}
    return address if image["center"] is None else f"{address}?{urlencode(window)}"


def _history(report: Report) -> list[dict[str, Any]]:
    """Return the versions, the latest first, each with what it changed."""
    history: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for version in report.versions.select_related("author"):
        state = ReportState(version.state).label
        changes = difference(before, version.content)
        history.append({"version": version, "author": _name(version.author), "state": state, "changes": changes})
        before = version.content
    return history[::-1]


def _addendum(addendum: Addendum) -> dict[str, Any]:
    return {
        "number": addendum.number,
        "document": addendum.document,
        "author": _name(addendum.author),
        "signedAt": addendum.signed_at.isoformat(),
    }


def _name(user: User) -> str:
    return user.full_name or user.username
