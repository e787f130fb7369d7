"""Running services that forward."""

from __future__ import annotations

from noctis.network.tests.conftest import (
    _close_connections,
    ct,
    make_images,
    new_module_service,
    new_service,
)

__all__ = ["_close_connections", "ct", "make_images", "new_module_service", "new_service"]
