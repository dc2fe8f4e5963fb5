"""What is tried in a guest beside lists: events, forwards, mounts of /proc and control groups. Each returns what was seen."""

import ctypes
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time

# A guest by software on a busy machine takes its time.
PATIENCE = 300

SENDER = """
import socket, sys
kind = sys.argv[1]
if kind == "send":
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"one shot", ("127.0.0.1", 4009))
elif kind == "connected":
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(("127.0.0.1", 4010))
    sock.send(b"one shot")
elif kind == "connect":
    socket.create_connection(("127.0.0.1", int(sys.argv[2]))).close()
elif kind == "refused":
    socket.socket().connect_ex(("127.0.0.1", 4011))
"""


def run(command, timeout=900):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )


def short(process):
    """Why a program failed, in a line."""
    return f"status {process.returncode}: " + process.stderr.decode("latin1").strip()[-300:]


class Events:
    """The lines of a watch, as they come."""

    def __init__(self, sockeye, rung):
        self.process = subprocess.Popen(
            [sockeye, "watch", "--json", "--source", rung], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.text = b""
        self.lines = []
        os.set_blocking(self.process.stdout.fileno(), False)

    def until(self, seen):
        """Reads until that is true, or patience ends. Returns whether it is."""
        end = time.monotonic() + PATIENCE
        while not seen(self.lines):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return False
            chunk = self.process.stdout.read()
            if not chunk:
                return False
            *whole, self.text = (self.text + chunk).split(b"\n")
            self.lines += [json.loads(line) for line in whole]
        return True

    def close(self):
        self.process.terminate()
        self.process.communicate()


def watch(sockeye, rung):
    """Which rung it is, and of which event it names the process that did it, which is gone by then."""
    events = Events(sockeye, rung)
    try:
        if not events.until(lambda lines: len(lines) > 0):
            return {"rung": None, "reasons": [events.process.stderr.read().decode("latin1")[-500:]], "unseen": [], "named": []}
        header = events.lines[0]
        server = socket.create_server(("127.0.0.1", 0))
        port = server.getsockname()[1]
        done = {}
        for kind in ("send", "connected", "refused", "connect"):
            child = subprocess.Popen([sys.executable, "-c", SENDER, kind, str(port)])
            if kind == "connect":
                server.accept()[0].close()
            child.wait()
            done[kind] = child.pid
        server.close()

        def port_of(end):
            return None if end is None else end.get("port")

        tests = {
            "listen": lambda event: event["event"] == "listen" and port_of(event["local"]) == port,
            "send": lambda event: event["event"] == "send" and port_of(event["peer"]) == 4009,
            "connected": lambda event: event["event"] == "send" and port_of(event["peer"]) == 4010,
            "refused": lambda event: event["event"] == "connect" and port_of(event["peer"]) == 4011,
            "connect": lambda event: event["event"] == "connect" and port_of(event["peer"]) == port,
            "accept": lambda event: event["event"] == "accept" and port_of(event["local"]) in (port, None),
        }
        expected = {"listen": os.getpid(), "accept": os.getpid(), **done}

        def named(lines):
            return sorted(
                kind for kind, test in tests.items()
                if any(
                    test(event) and (event.get("process") or {}).get("pid") == expected[kind]
                    for event in lines[1:] if "event" in event and "local" in event
                )
            )

        # The last that comes, on any rung that sees anything of it: the end of the connection.
        events.until(lambda lines: len(named(lines)) == len(tests) or any(
            event.get("event") == "close" and port_of(event.get("local")) == port and port_of(event.get("peer")) is None
            for event in lines[1:]
        ))
        time.sleep(1)
        events.until(lambda lines: bool(lines) and len(named(lines)) == len(tests) or not select.select([events.process.stdout], [], [], 1)[0])
        return {
            "rung": header["rung"], "reasons": header["reasons"], "unseen": header["unseen"], "named": named(events.lines),
        }
    finally:
        events.close()


FORWARD = "-t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.1.0.2:80"
RULES = {
    "nft": (
        "nft add table ip guest && nft add chain ip guest pre '{ type nat hook prerouting priority -100; }' &&"
        " nft add rule ip guest pre tcp dport 8080 dnat to 10.1.0.2:80"
    ),
    "iptables-nft": f"iptables-nft {FORWARD}",
    "iptables-legacy": f"iptables-legacy {FORWARD}",
    "iptables with an ipset": (
        "ipset create ports bitmap:port range 8000-8100 && ipset add ports 8080 && iptables-legacy -t nat -A PREROUTING -p tcp"
        " -m set --match-set ports dst -j DNAT --to-destination 10.1.0.2:80"
    ),
}
IPVS = """
ipvsadm -A -t 10.1.0.1:8080 -s rr
ipvsadm -a -t 10.1.0.1:8080 -r 10.1.0.2:80 -m -w 3
"""
# More to record: IPv6, UDP with persistence, SCTP, a server that gets nothing, and a service by firewall mark.
MORE_IPVS = """
ipvsadm -a -t 10.1.0.1:8080 -r 10.1.0.3:80 -m -w 0
ipvsadm -A -u [2001:db8::1]:53 -s wlc -p 600
ipvsadm -a -u [2001:db8::1]:53 -r [fd00::9]:5353 -m
ipvsadm -A --sctp-service 192.0.2.1:3011 -s rr
"""
MARKED_IPVS = """
ipvsadm -A -f 7 -s rr
ipvsadm -a -f 7 -r 10.1.0.2:80 -m
"""
LINKS = "ip link set lo up && ip link add d0 type veth peer name d1 && ip addr add 10.1.0.1/24 dev d0 && ip link set d0 up"


def firewall(sockeye, short_form=False):
    """What explain says of a forwarded port, in a namespace for each kind of rule."""
    results = {}
    for name, rule in RULES.items():
        if short_form and name not in ("nft", "iptables-legacy"):
            continue
        if any(shutil.which(word) is None for word in rule.split() if word in ("nft", "iptables-nft", "iptables-legacy", "ipset")):
            results[name] = {"made": "the program is not here"}
            continue
        made = f"{LINKS} && {rule} >&2 && exec \"$0\" explain 8080 --json"
        ran = run(["unshare", "-n", "sh", "-c", made, sockeye])
        try:
            document = json.loads(ran.stdout)
            answer = document["explanations"][0]
            results[name] = {
                "made": None,
                "status": ran.returncode,
                "forwards": [
                    {key: forward.get(key) for key in ("via", "address", "port", "certain")} for forward in answer.get("forwards") or []
                ],
                "gaps": document.get("gaps") or answer.get("gaps") or [],
            }
        except (ValueError, KeyError, IndexError):
            results[name] = {"made": short(ran)}
    return results


def ipvs(sockeye, _short_form=False):
    """The same of the kernel's load balancer, and what it says for the tests, which have no such kernel."""
    if shutil.which("ipvsadm") is None:
        return {"made": "the program is not here"}
    recorder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record_ipvs.py")
    ran = run([
        "unshare", "-n", "sh", "-ec",
        f"{LINKS}\n{IPVS}\n\"$0\" explain 8080 --json >/run/told || true\n{MORE_IPVS}\n{sys.executable} {recorder}\n{MARKED_IPVS}\n"
        f"{sys.executable} {recorder}", sockeye,
    ])
    if ran.returncode:
        return {"made": short(ran)}
    with open("/run/told", encoding="utf-8") as told:
        answer = json.load(told)["explanations"][0]
    return {
        "made": None,
        "status": 0,
        "forwards": [{key: forward.get(key) for key in ("via", "address", "port", "certain")} for forward in answer.get("forwards") or []],
        "recorded": [json.loads(line) for line in ran.stdout.decode().splitlines()],
    }


def hidepid(sockeye, short_form=False):
    """What an ordinary user is told, by mode of the mount."""
    results = {}
    server = socket.create_server(("127.0.0.1", 0))
    for mode in ("2",) if short_form else ("1", "2", "4"):
        script = (
            f"mount -t proc -o hidepid={mode} proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups --"
            " \"$0\" -t -l --json --require-complete"
        )
        ran = run(["unshare", "-m", "sh", "-c", script, sockeye])
        try:
            document = json.loads(ran.stdout)
            results[mode] = {
                "status": ran.returncode,
                "complete": document["complete"],
                "ownership": sorted({row["ownership"] for row in document["sockets"]}),
                "gaps": sorted({gap["kind"] for gap in document["gaps"]}),
            }
        except (ValueError, KeyError):
            results[mode] = {"failed": short(ran)}
    server.close()
    return results


def doctor(sockeye):
    return json.loads(run([sockeye, "doctor", "--json"]).stdout)


def control_groups(sockeye, short_form=False):
    """The hosts of older distributions: with net_cls of version 1 beside version 2, and with version 1 alone. Last of all scenes."""
    results = {}
    os.makedirs("/run/v1", exist_ok=True)
    mounted = run(["mount", "-t", "cgroup", "-o", "net_cls,net_prio", "v1", "/run/v1"])
    if mounted.returncode:
        return {"made": short(mounted)}
    os.makedirs("/run/v1/guest", exist_ok=True)
    with open("/run/v1/guest/net_cls.classid", "w", encoding="ascii") as file:
        file.write("0x100001")
    # From here on the kernel may keep the class in each socket instead of its group of version 2.
    with open("/run/v1/guest/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    if not short_form:
        results["hybrid"] = {"told": doctor(sockeye)["cgroup"], "watch": watch(sockeye, "all")}
    unmounted = run(["umount", "-l", "/sys/fs/cgroup"])
    results["v1"] = {"told": doctor(sockeye)["cgroup"], "watch": watch(sockeye, "all")} if unmounted.returncode == 0 else {
        "made": short(unmounted)
    }
    return results


def smc(sockeye):
    """A listener of AF_SMC, which the kernel keeps as a TCP socket of its own."""
    # Python does not know its addresses, which are those of IPv4.
    libc = ctypes.CDLL(None, use_errno=True)
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 7100, socket.inet_aton("127.0.0.1"))
    try:
        server = socket.socket(43, socket.SOCK_STREAM, 0)
    except OSError as error:
        return {"made": str(error)}
    for call in (lambda: libc.bind(server.fileno(), address, len(address)), lambda: libc.listen(server.fileno(), 3)):
        if call():
            return {"made": os.strerror(ctypes.get_errno())}
    rows = json.loads(run([sockeye, "-t", "-l", "--json", "sport = 7100"]).stdout)["sockets"]
    server.close()
    return {"made": None, "rows": [[row["transport"], row["ownership"], [owner["pid"] for owner in row["owners"]]] for row in rows]}
