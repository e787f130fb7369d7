"""Who reaches which port, by IPv4 and by IPv6: what is not open does not even answer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable

from tests.appliance.deployment import Appliance, Machine

# What scanners try first, what the appliance's own programs use inside, and the operator's own rule for somebody else.
TRIED = [*range(1, 1100), 1433, 1521, 2575, 2762, 3000, 3306, 3389, 5432, 5900, 6379, 8000, 8080, 8443, 9001, 9090]
TRIED += [9100, 9104, 9121, 9187, 10050, 11112, 11211, 27017]
DICOM = 11112
REACHED = dict.fromkeys([22, 80, 443, DICOM], "open")
IPV6 = "fd00:213:20::10"

KNOCK = """
import asyncio, json, sys

async def knock(address, port, few):
    async with few:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
        except TimeoutError:
            return "silent"
        except OSError:
            return "refused"
        writer.close()
        return "open"

async def main(address, ports):
    few = asyncio.Semaphore(300)
    found = await asyncio.gather(*(knock(address, port, few) for port in ports))
    print(json.dumps(dict(zip(map(str, ports), found))))

asyncio.run(main(sys.argv[1], [int(port) for port in sys.argv[2].split(",")]))
"""


def answers(machine: Machine, address: str, ports: Iterable[int]) -> dict[int, str]:
    """Knock at all ports at once; return for each: open, refused or silent."""
    printed = machine.run(f"python3 -c {shlex.quote(KNOCK)} {address} {','.join(map(str, ports))}")
    return {int(port): answer for port, answer in json.loads(printed).items()}


def test_a_modality_reaches_the_open_ports_and_nothing_else_answers(appliance: Appliance, modality: Machine) -> None:
    found = answers(modality, appliance.address, TRIED)
    assert {port: answer for port, answer in found.items() if answer != "silent"} == REACHED


def test_the_same_holds_for_ipv6(modality: Machine) -> None:
    found = answers(modality, IPV6, TRIED)
    assert {port: answer for port, answer in found.items() if answer != "silent"} == REACHED


def test_a_stranger_does_not_reach_the_dicom_port(
    appliance: Appliance, modality: Machine, as_address: Callable[[str], Machine]
) -> None:
    assert answers(as_address("10.213.20.66"), appliance.address, [443, DICOM]) == {443: "open", DICOM: "silent"}
    modality.run("ip -6 address add fd00:213:20::66/128 dev eth0 nodad")
    modality.run(f"ip -6 route add {IPV6} dev eth0 src fd00:213:20::66")
    assert answers(modality, IPV6, [443, DICOM]) == {443: "open", DICOM: "silent"}
    modality.run(f"ip -6 route del {IPV6}; ip -6 address del fd00:213:20::66/128 dev eth0")


def test_the_rule_of_the_operator_is_still_there(appliance: Appliance) -> None:
    rules = appliance.run("ufw show added").splitlines()
    theirs = "ufw allow from 10.213.20.1 to any port 9104 proto tcp comment 'monitoring of the operator'"
    assert [rule for rule in rules if " comment 'noctis" not in rule and rule.startswith("ufw ")] == [theirs]
    assert rules.index(theirs) == 1


def test_ssh_is_limited(appliance: Appliance, as_address: Callable[[str], Machine]) -> None:
    stranger = as_address("10.213.20.67")
    tries = "; ".join(f"timeout 2 bash -c '</dev/tcp/{appliance.address}/22'; echo $?" for _ in range(8))
    codes = stranger.run(tries).split()
    assert codes[:5] == ["0"] * 5
    assert "0" not in codes[5:]
