"""The audit of the server by Lynis, which goes on while other tests wait for bans and timers."""

from __future__ import annotations

from tests.appliance.deployment import Appliance
from tests.support.waiting import wait_for

# Tests of Lynis whose subject a container shares with its host or has not at all, and why each is left out.
NOT_IN_A_CONTAINER = {
    "USB-1000": "modules are the host's",
    "USB-2000": "devices are the host's",
    "USB-3000": "devices are the host's",
    "FILE-6310": "a container has one file system, who partitions the server decides",
    "FILE-6344": "/proc is mounted by the container's engine",
    "FILE-6374": "file systems are mounted by the container's engine",
    "TIME-3104": "the clock is the host's, so that systemd-timesyncd does not start",
    "MACF-6290": "AppArmor is the host's",
    "ACCT-9628": "audit works in the host's first namespace alone",
    "PKGS-7392": "the image is of this month, and updates come by night",
    # Settings of the kernel that have no value of a container's own; the role base leaves them alone there.
    **{
        f"KRNL-6000:{name}": "the kernel is the host's"
        for name in (
            "dev.tty.ldisc_autoload",
            "fs.protected_fifos",
            "fs.protected_hardlinks",
            "fs.protected_regular",
            "fs.protected_symlinks",
            "fs.suid_dumpable",
            "kernel.core_uses_pid",
            "kernel.ctrl-alt-del",
            "kernel.dmesg_restrict",
            "kernel.kptr_restrict",
            "kernel.perf_event_paranoid",
            "kernel.randomize_va_space",
            "kernel.sysrq",
            "kernel.unprivileged_bpf_disabled",
            "kernel.yama.ptrace_scope",
            "net.core.bpf_jit_harden",
        )
    },
    "KRNL-6000:net.ipv4.conf.all.forwarding": "the container's engine routes by it",
}
PROFILE = "/root/container.prf"


def begin_audit(appliance: Appliance) -> None:
    """Let Lynis begin."""
    left_out = " ".join(f"skip-test={test}" for test in NOT_IN_A_CONTAINER)
    appliance.run(f"printf '%s\\n' {left_out} >{PROFILE}")
    lynis = f"lynis audit system --quick --quiet --no-colors --profile {PROFILE}"
    appliance.run(f"rm -f /var/log/lynis-report.dat; systemd-run --collect --unit=audit {lynis}")


def finished_audit(appliance: Appliance) -> list[str]:
    """Wait for the end and return the lines of the report."""
    wait_for(
        lambda: appliance.host.run("systemctl is-active --quiet audit").rc != 0, "the end of the audit", seconds=300
    )
    return appliance.run("cat /var/log/lynis-report.dat").splitlines()
