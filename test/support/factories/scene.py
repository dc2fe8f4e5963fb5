"""Scene: everything one factory makes, and the way to end it."""

import errno
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from . import native

SO_COOKIE = 57
SO_PROTOCOL = 38
AF_VSOCK = 40

FAMILIES = {
    socket.AF_INET: "inet",
    socket.AF_INET6: "inet6",
    socket.AF_UNIX: "unix",
    socket.AF_PACKET: "packet",
    socket.AF_NETLINK: "netlink",
    AF_VSOCK: "vsock",
}
TYPES = {
    socket.SOCK_STREAM: "stream",
    socket.SOCK_DGRAM: "dgram",
    socket.SOCK_RAW: "raw",
    socket.SOCK_SEQPACKET: "seqpacket",
}
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp", 136: "udplite", 262: "mptcp"}


class Skip(Exception):
    """This machine cannot build the situation; the text says why."""


# What a kernel or a sandbox answers when it lacks or forbids a kind of socket.
SKIPPED_ERRNOS = {
    errno.EPERM,
    errno.EACCES,
    errno.EAFNOSUPPORT,
    errno.EPROTONOSUPPORT,
    errno.ESOCKTNOSUPPORT,
    errno.EOPNOTSUPP,
    errno.ENOPROTOOPT,
}


def inode(fd):
    return os.fstat(fd).st_ino


def netns():
    """Inode of this thread's network namespace: /proc/self has none once the main thread has ended."""
    return os.stat("/proc/thread-self/ns/net").st_ino


def cookie(sock):
    """SO_COOKIE, or None for families where Python passes no buffer to getsockopt()."""
    if sock.family == AF_VSOCK:
        return None
    return struct.unpack("=Q", sock.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def owner(pid, *fds, tid=None):
    return {"pid": pid, "tid": tid, "fds": sorted(fds)}


def endpoint(name, interface=None):
    """getsockname() or getpeername() of an internet socket."""
    return {"address": name[0].partition("%")[0], "port": name[1], "interface": interface}


def describe(sock, state, owners=None, ownership="owned", **more):
    """What a test compares. Taken from the socket itself, never from what the kernel's tables list."""
    family = sock.family
    kind = sock.type & 0xF
    protocol = sock.getsockopt(socket.SOL_SOCKET, SO_PROTOCOL)
    record = {
        "family": FAMILIES[family],
        "transport": TYPES[kind],
        "type": TYPES[kind],
        "protocol": None,
        "state": state,
        "v6only": None,
        "peer": None,
        "uid": os.getuid(),
        "inode": inode(sock.fileno()),
        "cookie": cookie(sock),
        "netns": netns(),
        "ownership": ownership,
        "owners": owners if owners is not None else [owner(os.getpid(), sock.fileno())],
    }
    if family in (socket.AF_INET, socket.AF_INET6):
        record["transport"] = "raw" if kind == socket.SOCK_RAW else PROTOCOLS[protocol]
        if kind == socket.SOCK_RAW:
            record["protocol"] = protocol
        device = sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0").decode()
        record["local"] = endpoint(sock.getsockname(), device or None)
        try:
            record["peer"] = endpoint(sock.getpeername())
        except OSError:
            pass
        if family == socket.AF_INET6:
            record["v6only"] = sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) != 0
    record.update(more)
    return record


def unowned(like, state, ownership):
    """The record of a TCP socket that no descriptor leads to (any more), from the record it had."""
    lost = dict(like, state=state, ownership=ownership, owners=[], inode=None)
    return lost


def settle(condition, what, seconds=30.0):
    """Waits until the kernel has come to a state. Bounded: raises when it does not."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise RuntimeError("Not reached in %g s: %s" % (seconds, what))
        time.sleep(0.01)


# Kernel: include/net/tcp_states.h
TCP_STATES = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait_1",
    5: "fin_wait_2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
}


def _hex(end):
    address = end["address"]
    if ":" in address:
        words = struct.unpack("=4I", socket.inet_pton(socket.AF_INET6, address))
    else:
        words = struct.unpack("=I", socket.inet_aton(address))
    return "".join("%08X" % word for word in words) + ":%04X" % end["port"]


def tcp_state(local, peer):
    """State of a connection in /proc/net/tcp or tcp6, or None."""
    name = "tcp6" if ":" in local["address"] else "tcp"
    wanted = [_hex(local), _hex(peer)]
    with open("/proc/self/net/" + name) as table:
        for line in table:
            fields = line.split()
            if fields[1:3] == wanted:
                return TCP_STATES.get(int(fields[3], 16))
    return None


class Scene:
    """Children, descriptors and files of one factory."""

    def __init__(self):
        self.sockets = []
        self.facts = {}
        self._kept = []
        self._children = []
        self._programs = []
        self._folders = []
        self._undo = []
        # Children block on the read end; it ends when this process ends, in whatever way.
        self._life_read, self._life_write = os.pipe()
        # Children of children come back here when their parent ends, so that all of them can be waited for.
        native.prctl(native.PR_SET_CHILD_SUBREAPER, 1)

    def keep(self, thing):
        """Holds a reference, so that a socket object is not closed."""
        self._kept.append(thing)
        return thing

    def add(self, *records):
        self.sockets.extend(records)

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        return self.keep(socket.socket(family, kind, protocol))

    def folder(self):
        path = tempfile.mkdtemp(prefix="sockeye-test-")
        self._folders.append(path)
        return path

    def undo(self, function):
        """Something to call at the end."""
        self._undo.append(function)

    def private(self):
        """True in a namespace made for this test: only there may the network be reconfigured."""
        return os.environ.get("SOCKEYE_TEST_NETNS") == str(netns())

    def need_private(self, what):
        if not self.private():
            raise Skip("%s only inside a namespace made for the test" % what)

    def child(self, body, inherit=()):
        """Forks. The child keeps the descriptors in `inherit`, runs body() and reports what it returns; then it waits
        for the end. Returns (pid, report). With `inherit` empty it holds nothing of this process."""
        return self.children([body], inherit)[0]

    def children(self, bodies, inherit=()):
        """Several at once, working at the same time: [(pid, report), ...]."""
        started = [self._start(body, inherit) for body in bodies]
        return [(pid, _receive(pid, pipe)) for pid, pipe in started]

    def _start(self, body, inherit):
        report_read, report_write = os.pipe()
        pid = os.fork()
        if pid:
            os.close(report_write)
            self._children.append(pid)
            return pid, report_read
        try:
            native.prctl(native.PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Ctrl-C reaches the whole group; this process ends by the pipe.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            null = os.open("/dev/null", os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            _close_except({0, 1, 2, self._life_read, report_write, *inherit})
            try:
                report = {"value": body(lambda value: _send(report_write, {"value": value}))}
            except Exception as error:  # pylint: disable=broad-except
                report = {"error": "%s: %s" % (type(error).__name__, error)}
                if isinstance(error, OSError):
                    report = {"errno": error.errno, "error": str(error)}
            # A body that returns nothing has reported, or a thread of it will.
            if "error" in report or report["value"] is not None:
                _send(report_write, report)
            wait_for_end(self._life_read)
        finally:
            os._exit(0)

    def thread(self, report, body):
        """Runs body() in a second thread of a child, reports what it returns, and ends the child with the factory."""

        def run():
            try:
                report(body(threading.get_native_id()))
                wait_for_end(self._life_read)
            finally:
                # Not the thread alone: the process has to go with it, and an error has to be noticed.
                os._exit(1)

        threading.Thread(target=run).start()

    @property
    def life(self):
        """Descriptor that reaches its end when this process ends, in whatever way."""
        return self._life_read

    def program(self, arguments, fds=(), move=None, stdin=subprocess.DEVNULL, **more):
        """Starts another program that keeps the descriptors `fds`; `move` is a list of (fd, new fd)."""

        def prepare():
            native.prctl(native.PR_SET_PDEATHSIG, signal.SIGKILL)
            for old, new in move or ():
                os.dup2(old, new)

        targets = {new for _, new in move or ()}
        process = subprocess.Popen(
            arguments,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=tuple(set(fds) | targets),
            preexec_fn=prepare,
            **more
        )
        self._programs.append(process)
        return process

    def end(self):
        """Ends every child and removes every file. Called once, whatever happened before."""
        os.close(self._life_write)
        for process in self._programs:
            process.kill()
            process.wait()
        patience = time.monotonic() + 3
        # A process with 20,000 sockets needs a while to close them, also when it is killed.
        deadline = patience + 60
        remaining = set(self._children)
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            remaining.discard(pid)
            if pid:
                continue
            if time.monotonic() > patience:
                patience = deadline
                for child in remaining:
                    os.kill(child, signal.SIGKILL)
            if time.monotonic() > deadline:
                print("Processes of this factory do not end: %s" % sorted(remaining), file=sys.stderr)
                break
            time.sleep(0.002)
        for function in reversed(self._undo):
            function()
        for path in self._folders:
            shutil.rmtree(path, ignore_errors=True)


def wait_for_end(life):
    while os.read(life, 1):
        pass


def _send(fd, report):
    os.write(fd, json.dumps(report).encode() + b"\n")


def _receive(pid, pipe):
    """The report of a child: one line of JSON. Bounded in time."""
    data = b""
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], 120)
        part = os.read(pipe, 65536) if ready else b""
        if not part:
            raise RuntimeError("Child %d gave no report" % pid)
        data += part
    os.close(pipe)
    report = json.loads(data)
    if "errno" in report:
        raise OSError(report["errno"], report["error"])
    if "error" in report:
        raise RuntimeError(report["error"])
    return report["value"]


def _close_except(wanted):
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in wanted:
            try:
                os.close(int(name))
            except OSError:
                pass  # The descriptor that listed the folder.
