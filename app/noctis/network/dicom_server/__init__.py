"""``dicom-server``: start, stop and watch the DICOM service from a command line; ``app/docs/dicom_server.md``."""
