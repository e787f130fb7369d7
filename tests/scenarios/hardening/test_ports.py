"""Who reaches which port, by IPv4 and by IPv6: what is not open does not even answer."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

from tests.appliance.deployment import Appliance, Machine

# What scanners try first, what the appliance's own programs use inside, and the operator's own rule for somebody else.
TRIED = [*range(1, 1100), 1433, 1521, 2575, 2762, 3000, 3306, 3389, 5432, 5900, 6379, 8000, 8080, 8443, 9001, 9090]
TRIED += [9100, 9104, 9121, 9187, 10050, 11112, 11211, 27017]
DICOM = (11112, 2762)
REACHED = (22, 80, 443, *DICOM)
IPV6 = "fd00:213:20::10"

PROGRAM = """
import asyncio, json, resource, sys

async def knock(address, port):
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 2)
    except asyncio.TimeoutError:
        return "silent"
    except OSError:
        return "refused"
    writer.close()
    return "open"

async def main(tried):
    print(json.dumps(await asyncio.gather(*(knock(address, port) for address, port in tried))))

tried = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(tried) + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
asyncio.run(main(tried))
"""


def answers(machine: Machine, tried: list[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Knock at all addresses and ports at once; return which are open and which refused: the others were silent."""
    printed = machine.run(f"printf %s {shlex.quote(json.dumps(tried))} | python3 -c {shlex.quote(PROGRAM)}")
    return {at: answer for at, answer in zip(tried, json.loads(printed), strict=True) if answer != "silent"}


def test_a_modality_reaches_the_open_ports_and_nothing_else_answers(appliance: Appliance, modality: Machine) -> None:
    found = answers(modality, [(address, port) for address in (appliance.address, IPV6) for port in TRIED])
    assert found == {(address, port): "open" for address in (appliance.address, IPV6) for port in REACHED}


def test_a_stranger_does_not_reach_the_dicom_ports(
    appliance: Appliance, modality: Machine, as_address: Callable[[str], Machine]
) -> None:
    as_address("10.213.20.66")
    modality.run("ip -6 address add fd00:213:20::66/128 dev eth0 nodad")
    modality.run(f"ip -6 route add {IPV6} dev eth0 src fd00:213:20::66")
    found = answers(modality, [(address, port) for address in (appliance.address, IPV6) for port in (443, *DICOM)])
    modality.run(f"ip -6 route del {IPV6}; ip -6 address del fd00:213:20::66/128 dev eth0")
    assert found == {(appliance.address, 443): "open", (IPV6, 443): "open"}


def test_the_rule_of_the_operator_is_still_there(appliance: Appliance) -> None:
    rules = appliance.run("ufw show added").splitlines()
    theirs = "ufw allow from 10.213.20.1 to any port 9104 proto tcp comment 'monitoring of the operator'"
    assert [rule for rule in rules if " comment 'noctis" not in rule and rule.startswith("ufw ")] == [theirs]
    assert rules.index(theirs) == 1


def test_ssh_is_limited(appliance: Appliance, as_address: Callable[[str], Machine]) -> None:
    stranger = as_address("10.213.20.67")
    tries = "; ".join(f"timeout 2 bash -c '</dev/tcp/{appliance.address}/22'; echo $?" for _ in range(7))
    codes = stranger.run(tries).split()
    assert codes[:5] == ["0"] * 5
    assert "0" not in codes[5:]
