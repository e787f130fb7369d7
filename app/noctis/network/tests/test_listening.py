"""Where the service can be reached."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from noctis.network.configuration import ServiceConfiguration
from noctis.network.service import listening_sockets


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_both_kinds_of_address_reach_the_one_for_all(address):
    configuration = replace(ServiceConfiguration.from_settings(), host="::", port=0, tls=None)
    (listener,) = listening_sockets(configuration)
    with listener.socket as listening:
        socket.create_connection((address, listening.getsockname()[1]), timeout=5).close()
