"""The DICOMweb resources that the viewer of a guest needs, below the addresses of one link.

Two things keep a guest at the study: the address must name it, and every query is scoped by the grant that stands in
the place of the user. Addresses of DICOMweb that are not named here do not exist for guests.
"""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path

from noctis.dicomweb.urls import urlpatterns as dicomweb_addresses
from noctis.sharing.guests import View, for_guests
from noctis.sharing.models import GuestVisit

FOR_GUESTS: Final = frozenset(
    {"studies", "series", "series_metadata", "frames", "rendered", "bulk_data", "series_thumbnail"}
)


def guest_addresses(below: str) -> list[URLPattern]:
    """Return the addresses for guests below the address of a link."""
    return [
        path(f"{below}/{address.pattern}", _of_the_study(address.callback), name=f"guest_dicomweb_{address.name}")
        for address in dicomweb_addresses
        if address.name in FOR_GUESTS
    ]


def _of_the_study(resource: View) -> View:
    @for_guests("images", is_page=False)
    def scoped(request: HttpRequest, visit: GuestVisit, **uids: str) -> HttpResponseBase:
        if uids.get("study_uid", visit.share.study.study_instance_uid) != visit.share.study.study_instance_uid:
            raise Http404
        return resource(request, **uids)

    return scoped
