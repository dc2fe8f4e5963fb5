"""What a kernel offers and what Sockeye makes of it, as one JSON document. Started by scripts/kernels in a guest:

    guest.py RESULT SOCKEYE SS MODULES MORE_SOCKETS all|short
"""

import ctypes
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

import guest_scenes
from guest_scenes import run

RESULT, SOCKEYE, SS, MODULES, MORE_SOCKETS, FORM = sys.argv[1:]
SHORT = FORM == "short"

WANTED_MODULES = """
tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag mptcp_diag sctp sctp_diag vsock vsock_loopback vsock_diag
tipc diag tipc_diag dccp dccp_ipv4 dccp_ipv6 dccp_diag tls gcm ccm ctr ghash_generic chacha20poly1305 tcp_bbr tcp_dctcp tcp_vegas
tcp_westwood tcp_illinois tcp_yeah xsk_diag dummy veth vrf smc smc_diag ip_set ip_set_bitmap_port xt_set nf_nat iptable_nat ip_vs
""".split()

# Without DCCP, which this ss does not have any more. The module of TIPC's table is called diag up to 6.1, tipc_diag in 6.12.
LISTS = [
    words.split()
    for words in (
        "-taneim", "-tlnp", "-uanem", "-wan", "-xanp", "-0ane", "-San", "-Saneim", "--tipc -ane --tipcinfo", "--vsock -an",
        "-Man", "-Manei", "-f netlink -an", "--xdp -an",
    )
]
# Numbers of x86-64, and those of arm64 that are others.
CALLS = {"statx": 332, "pidfd_open": 434, "openat2": 437, "memfd_create": 319, "pidfd_getfd": 438}
if platform.machine() == "aarch64":
    CALLS |= {"statx": 291, "memfd_create": 279}
ENOSYS = 38
# As net-tools and lsof of the machine have them.
TOOL_LISTS = {
    "netstat": [words.split() for words in ("-tan", "-tlnp", "-uan", "-wan", "-xan", "-San")],
    "lsof": [words.split() for words in ("-nP -i", "-nP -iTCP -sTCP:LISTEN", "-U", "-nP -p PID")],
}
RUNGS = ("all", "tracepoints", "cgroup", "perf", "destroy", "scan")
# Each start of a program costs seconds where a guest runs by software, so the short form has what differs most between kernels.
if SHORT:
    LISTS = [words.split() for words in ("-taneim", "-xanp", "-Saneim", "-Manei")]
    TOOL_LISTS = {"netstat": [["-tan"]], "lsof": [["-nP", "-p", "PID"]]}
    RUNGS = ("all",)


def rows(text):
    """Without what moves from run to run: clocks, queues of the asking program, spaces."""
    moving = re.compile(
        r"timer:\([^)]*\)|(last\w+|busy|\w+_limited|rcv_space|rcv_ssthresh|pacing_rate|delivery_rate|rto|rtt|minrtt|ato|send):?\s?\S+"
    )
    return sorted(" ".join(moving.sub("", line).split()) for line in text.decode("latin1").split("\n") if line)


def compare(words, tool="ss", theirs_by=None, label=None):
    answers = []
    head = ["-H"] if tool == "ss" else []
    for _ in range(3):
        theirs, ours = run([theirs_by or SS, *head, *words]), run([OURS, tool, *head, *words])
        left, right = rows(theirs.stdout), rows(ours.stdout)
        own = re.compile(r"^UNCONN \d+ 0 (4|tcpdiag):")
        left, right = ([row for row in side if not own.search(row)] for side in (left, right))
        # There a char is never negative, and lsof takes 255 for the DEL that it writes as ^?.
        if tool == "lsof" and platform.machine() == "aarch64":
            left = sorted(row.replace("@^?\\xfe", "@\\xff\\xfe") for row in left)
        if left == right and theirs.returncode == ours.returncode:
            return {"list": label or " ".join(words), "rows": len(left), "equal": True}
        answers = [row for row in left if row not in right][:5], [row for row in right if row not in left][:5]
    return {"list": label or " ".join(words), "rows": len(left), "equal": False, "missing": answers[0], "extra": answers[1]}


def owners(how):
    """Inode and process of every TCP socket; None where this way does not work: another is gone then, and it is told."""
    ran = run([OURS, "-t", "-a", "-v", "--json", "--owners", how])
    if ran.returncode or how == "bpf" and b"descriptors by BPF" not in ran.stderr:
        return None
    return sorted(
        [socket["inode"] or 0, owner["pid"]] for socket in json.loads(ran.stdout)["sockets"] for owner in socket["owners"]
    )


def compare_tools(holder):
    """`holder`: who has all the sockets, of every family."""
    compared = {}
    for tool, lists in TOOL_LISTS.items():
        program = shutil.which(tool)
        compared[tool] = [] if program is None else [
            compare([holder if word == "PID" else word for word in words], tool, program, " ".join(words)) for words in lists
        ]
    return compared


# The guest's own copy: each start from the files of the host would read it anew.
OURS = "/run/sockeye"


def attempt(scene, *arguments):
    """What a scene returns. One that breaks takes no other with it."""
    try:
        return scene(*arguments)
    except Exception as error:  # pylint: disable=broad-exception-caught
        return {"broken": f"{type(error).__name__}: {error}"}


def save(result):
    """A guest that is ended has told what it knew until then."""
    with open(RESULT + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.rename(RESULT + ".new", RESULT)


def main():
    began = time.monotonic()
    shutil.copyfile(SOCKEYE, OURS)
    os.chmod(OURS, 0o755)
    os.makedirs("/lib/modules", exist_ok=True)
    subprocess.run(["mount", "--bind", MODULES, "/lib/modules"], check=True)
    # What this kernel does not have is passed over.
    run(["modprobe", "-a", "-q", *WANTED_MODULES])
    for command in (
        "ip link set lo up", "ip link add eth0 type dummy", "ip addr add 10.9.0.1/24 dev eth0", "ip link set eth0 up",
        "ip link add vrf0 type vrf table 10", "ip link set vrf0 up", "ip link add eth1 type dummy", "ip link set eth1 master vrf0",
        "ip addr add 10.9.1.1/24 dev eth1", "ip link set eth1 up", "ip addr add fe80::9:1/64 dev eth0 nodad",
    ):
        run(command.split())
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {}
    for name, number in CALLS.items():
        failed = libc.syscall(ctypes.c_long(number), ctypes.c_long(-1), None, None, None, None) == -1
        calls[name] = not (failed and ctypes.get_errno() == ENOSYS)
    steps = {"start": round(time.monotonic() - began)}

    def step(name, function, *arguments):
        """Seconds of each, because a guest has to end soon."""
        at = time.monotonic()
        try:
            return function(*arguments)
        finally:
            steps[name] = round(time.monotonic() - at)
            # Into the log, for whoever waits.
            print(name, steps[name], flush=True)

    more = subprocess.Popen([sys.executable, MORE_SOCKETS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    made = json.loads(more.stdout.readline())
    time.sleep(1)
    by_bpf, by_proc = step("owners", lambda: (owners("bpf"), owners("proc")))
    held = str(more.pid)
    result = {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "doctor": step("doctor", guest_scenes.doctor, OURS),
        "missing": made["missing"],
        "made": made["made"],
        "kinds": made["kinds"],
        "calls": calls,
        "owners": {
            "bpf": None if by_bpf is None else len(by_bpf),
            "proc": None if by_proc is None else len(by_proc),
            "agree": by_bpf is None or by_bpf == by_proc,
        },
        "comparisons": step("ss", lambda: [compare(words) for words in LISTS]),
        "tools": step("tools", compare_tools, held),
        "smc": step("smc", attempt, guest_scenes.smc, OURS),
        "steps": steps,
    }
    more.stdin.close()
    more.wait()
    save(result)
    result["watch"] = {rung: step(f"watch {rung}", attempt, guest_scenes.watch, OURS, rung) for rung in RUNGS}
    for scene in (guest_scenes.firewall, guest_scenes.ipvs, guest_scenes.hidepid, guest_scenes.control_groups):
        save(result)
        result[scene.__name__] = step(scene.__name__, attempt, scene, OURS, SHORT)
    result["seconds"] = round(time.monotonic() - began)
    save(result)


main()
