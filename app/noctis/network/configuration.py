"""What steers the DICOM service, taken from the settings and from the command line."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from noctis.network.transport_security import TlsConfiguration


@dataclass(frozen=True)
class ServiceConfiguration:
    """How the service listens and how long it is patient; times in seconds, sizes in bytes.

    ``artim_seconds`` bounds the wait for an association request, ``pdu_seconds`` the arrival of one PDU,
    ``idle_seconds`` the silence within an association and ``drain_seconds`` the wait for running associations when
    the service stops. ``tls`` is the second port, if there is one. ``is_verbose`` lets pynetdicom write to the log what
    happens in associations, which may show patient data.
    """

    ae_title: str
    host: str
    port: int
    processes: int
    maximum_associations: int
    maximum_pdu_size: int
    artim_seconds: int
    pdu_seconds: int
    idle_seconds: int
    drain_seconds: int
    tls: TlsConfiguration | None = None
    is_verbose: bool = False

    @classmethod
    def from_settings(cls) -> ServiceConfiguration:
        """Return what the settings say."""
        return cls(
            ae_title=settings.NOCTIS_AE_TITLE,
            host=settings.NOCTIS_DICOM_HOST,
            port=settings.NOCTIS_DICOM_PORT,
            processes=settings.NOCTIS_DICOM_PROCESSES,
            maximum_associations=settings.NOCTIS_DICOM_MAX_ASSOCIATIONS,
            maximum_pdu_size=settings.NOCTIS_DICOM_MAX_PDU_SIZE,
            artim_seconds=settings.NOCTIS_DICOM_ARTIM_SECONDS,
            pdu_seconds=settings.NOCTIS_DICOM_PDU_SECONDS,
            idle_seconds=settings.NOCTIS_DICOM_IDLE_SECONDS,
            drain_seconds=settings.NOCTIS_DICOM_DRAIN_SECONDS,
            tls=TlsConfiguration.from_settings(),
            is_verbose=settings.NOCTIS_DICOM_VERBOSE != "off",
        )
