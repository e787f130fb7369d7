"""What preflight says of the networks in an inventory."""

from __future__ import annotations

import pytest

from roles.preflight.filter_plugins.site_networks import entity_faults, network_faults

NORTH = {
    "code": "NORTH",
    "networks": ["10.20.30.0/24", "fd00:20:30::/64"],
    "application_entities": [{"title": "CT", "addresses": ["10.20.30.11/32"]}, {"title": "ANY"}],
}


@pytest.mark.parametrize("network", ["10.20.30.0/24", "10.20.30.7/32", "fd00:20:30::/64", "fd00:20:30::7/128"])
def test_a_network_has_no_fault(network: str) -> None:
    assert network_faults([network]) == []


@pytest.mark.parametrize(
    ("network", "begins"),
    [
        ("10.20.30.300/24", "10.20.30.300/24 is no network: write each like 10.20.30.0/24"),
        ("10.20.30.0/33", "10.20.30.0/33 is no network"),
        ("fd00::1::/64", "fd00::1::/64 is no network"),
        ("10.20.30.0/255.255.255.0", "10.20.30.0/255.255.255.0 is no network"),
        ("10.20.30.7", "10.20.30.7 is no network"),
        ("ct.hospital.example", "ct.hospital.example is no network"),
        ("0.0.0.0/0", "0.0.0.0/0 is everyone"),
        ("::/0", "::/0 is everyone"),
        ("10.20.30.7/24", "10.20.30.7/24 is an address within a network: write 10.20.30.0/24, or 10.20.30.7/32 for"),
        ("fd00:20:30::7/64", "fd00:20:30::7/64 is an address within a network: write fd00:20:30::/64, or"),
    ],
)
def test_a_fault_is_told_in_one_sentence(network: str, begins: str) -> None:
    (sentence,) = network_faults(["10.1.0.0/16", network])
    assert sentence.startswith(begins)


def test_a_modality_within_the_networks_is_let_in() -> None:
    assert entity_faults([NORTH], ["10.20.0.0/16", "fd00:20:30::/64"]) == []


def test_a_modality_outside_of_all_networks_would_never_get_through() -> None:
    (sentence,) = entity_faults([NORTH], ["10.20.31.0/24", "fd00:20:30::/64"])
    assert sentence.startswith("CT of NORTH has the address 10.20.30.11/32, which is in none of the networks")


def test_an_address_that_is_none_is_told() -> None:
    entity = {"title": "CT", "addresses": ["10.20.30.11/24"]}
    (sentence,) = entity_faults([{**NORTH, "application_entities": [entity]}], ["10.20.30.0/24"])
    assert sentence == "CT of NORTH has the address 10.20.30.11/24, which is none: write it like 10.20.30.11/32"
