"""What a kernel offers and what Sockeye makes of it, as one JSON document. Started by scripts/kernels in a guest:

    guest.py RESULT SOCKEYE SS MODULES MORE_SOCKETS
"""

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
import time

RESULT, SOCKEYE, SS, MODULES, MORE_SOCKETS = sys.argv[1:]

WANTED_MODULES = """
tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag mptcp_diag sctp sctp_diag vsock vsock_loopback vsock_diag
tipc diag tipc_diag dccp dccp_ipv4 dccp_ipv6 dccp_diag tls gcm ccm ctr ghash_generic chacha20poly1305 tcp_bbr tcp_dctcp tcp_vegas
tcp_westwood tcp_illinois tcp_yeah xsk_diag dummy veth
""".split()

# Without DCCP, which this ss does not have any more. The module of TIPC's table is called diag up to 6.1, tipc_diag in 6.12.
LISTS = [
    words.split()
    for words in (
        "-taneim", "-tlnp", "-uanem", "-wan", "-xanp", "-0ane", "-San", "-Saneim", "--tipc -ane --tipcinfo", "--vsock -an",
        "-Man", "-Manei", "-f netlink -an", "--xdp -an",
    )
]
# Numbers of x86-64.
CALLS = {"statx": 332, "pidfd_open": 434, "openat2": 437, "memfd_create": 319, "pidfd_getfd": 438}
ENOSYS = 38


def run(command, timeout=120):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )


def rows(text):
    """Without what moves from run to run: clocks, queues of the asking program, spaces."""
    moving = re.compile(
        r"timer:\([^)]*\)|(last\w+|busy|\w+_limited|rcv_space|rcv_ssthresh|pacing_rate|delivery_rate|rto|rtt|minrtt|ato|send):?\s?\S+"
    )
    return sorted(" ".join(moving.sub("", line).split()) for line in text.decode("latin1").split("\n") if line)


def compare(words):
    answers = []
    for _ in range(3):
        theirs, ours = run([SS, "-H", *words]), run([SOCKEYE, "ss", "-H", *words])
        left, right = rows(theirs.stdout), rows(ours.stdout)
        own = re.compile(r"^UNCONN \d+ 0 (4|tcpdiag):")
        left, right = ([row for row in side if not own.search(row)] for side in (left, right))
        if left == right and theirs.returncode == ours.returncode:
            return {"list": " ".join(words), "rows": len(left), "equal": True}
        answers = [row for row in left if row not in right][:5], [row for row in right if row not in left][:5]
    return {"list": " ".join(words), "rows": len(left), "equal": False, "missing": answers[0], "extra": answers[1]}


def owners(how):
    """Inode and process of every TCP socket; None where this way does not work."""
    ran = run([SOCKEYE, "-t", "-a", "--json", "--owners", how])
    if ran.returncode:
        return None
    return sorted(
        [socket["inode"] or 0, owner["pid"]] for socket in json.loads(ran.stdout)["sockets"] for owner in socket["owners"]
    )


def main():
    os.makedirs("/lib/modules", exist_ok=True)
    subprocess.run(["mount", "--bind", MODULES, "/lib/modules"], check=True)
    for module in WANTED_MODULES:
        run(["modprobe", "-q", module])
    for command in (
        "ip link set lo up", "ip link add eth0 type dummy", "ip addr add 10.9.0.1/24 dev eth0", "ip link set eth0 up",
    ):
        run(command.split())
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {}
    for name, number in CALLS.items():
        failed = libc.syscall(ctypes.c_long(number), ctypes.c_long(-1), None, None, None, None) == -1
        calls[name] = not (failed and ctypes.get_errno() == ENOSYS)
    more = subprocess.Popen([sys.executable, MORE_SOCKETS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    made = json.loads(more.stdout.readline())
    time.sleep(1)
    by_bpf, by_proc = owners("bpf"), owners("proc")
    result = {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "doctor": json.loads(run([SOCKEYE, "doctor", "--json"]).stdout),
        "missing": made["missing"],
        "made": made["made"],
        "calls": calls,
        "owners": {
            "bpf": None if by_bpf is None else len(by_bpf),
            "proc": None if by_proc is None else len(by_proc),
            "agree": by_bpf is None or by_bpf == by_proc,
        },
        "comparisons": [compare(words) for words in LISTS],
    }
    more.stdin.close()
    more.wait()
    with open(RESULT + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.rename(RESULT + ".new", RESULT)


main()
