"""Filters that say what is wrong with the networks of a site, one sentence for each fault."""  # noqa: INP001  (Ansible loads the file)

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_faults(networks: Iterable[object]) -> list[str]:
    """Return what is wrong with networks (CIDR) that a port is to be opened to."""
    return [sentence for network in networks if (sentence := _fault(str(network)))]


def entity_faults(facilities: Iterable[Mapping[str, Any]], networks: Iterable[str]) -> list[str]:
    """Return which modalities of ``facilities`` the firewall would not let in, as they call from none of ``networks``.

    ``networks`` have no faults.
    """
    open_to = [ipaddress.ip_network(network) for network in networks]
    return [
        f"{entity.get('title', 'a modality')} of {facility.get('code', 'a facility')} {sentence}"
        for facility in facilities
        for entity in facility.get("application_entities", [])
        for address in entity.get("addresses", [])
        if (sentence := _obstacle(str(address), open_to))
    ]


def _fault(text: str) -> str:
    address, _, prefix_length = text.partition("/")
    try:
        # A mask instead of a length would be taken too, and not by the firewall.
        network = ipaddress.ip_network((address, int(prefix_length)), strict=False)
    except ValueError:
        return f"{text} is no network: write each like 10.20.30.0/24, 10.20.30.7/32 or fd00:20:30::/64"
    if network.prefixlen == 0:
        return f"{text} is everyone, and neither DICOM nor HL7 knows a password: name the networks"
    if ipaddress.ip_address(address) != network.network_address:
        host = f"{address}/{network.max_prefixlen}"
        return f"{text} is an address within a network: write {network}, or {host} for that address alone"
    return ""


def _obstacle(address: str, open_to: Iterable[Network]) -> str:
    try:
        network = ipaddress.ip_network(address)
    except ValueError:
        return f"has the address {address}, which is none: write it like 10.20.30.11/32"
    # Networks of the other kind hold no address of this one.
    if any(network.version == other.version and network.subnet_of(other) for other in open_to):  # type: ignore[arg-type]
        return ""
    return f"has the address {address}, which is in none of the networks that the DICOM port is open to"


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Return the filters by their names."""
        return {"network_faults": network_faults, "entity_faults": entity_faults}
