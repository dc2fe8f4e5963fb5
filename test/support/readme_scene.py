"""The host of README's first screen: run it in a network and a PID namespace of its own.

It has a private IPv4 address and a public IPv6 one; four services hold sockets as such services do, and one of them has
started a shell that inherited its listener. Prints "ready", and stays until standard input ends.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys

PR_SET_NAME = 15
# nodad: without it the kernel first looks for duplicates, and the address is not usable yet.
COMMANDS = [
    "ip link set lo up",
    "ip link add eth0 type veth peer name far0",
    "ip addr add 192.168.2.49/24 dev eth0",
    "ip addr add 2001:4860::49/64 dev eth0 nodad",
    "ip link set eth0 up",
    "ip link set far0 up",
]


def rename(name):
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def service(name, start):
    """A process of this name, which does as `start` does and then waits. Returns when it has started."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        rename(name)
        kept = start()
        os.write(write, b"x")
        os.close(write)
        signal.pause()
        os._exit(len(kept))
    os.close(write)
    os.read(read, 1)
    os.close(read)


def listen(family, address, backlog):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(backlog)
    return listener


def sshd():
    return [listen(socket.AF_INET, ("0.0.0.0", 22), 128)]


def dnsmasq():
    resolver = socket.socket(type=socket.SOCK_DGRAM)
    resolver.bind(("192.168.2.49", 53))
    return [resolver]


def nginx():
    listener = listen(socket.AF_INET6, ("::", 80), 511)
    for _ in range(3):
        service("nginx", lambda: [listener])
    return [listener]


def script():
    listener = listen(socket.AF_INET, ("127.0.0.1", 8080), 100)
    listener.set_inheritable(True)
    # A shell that waits for input that never comes.
    shell = subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE, close_fds=False)
    return [listener, shell]


for command in COMMANDS:
    subprocess.run(command.split(), check=True)
service("sshd", sshd)
service("dnsmasq", dnsmasq)
service("nginx", nginx)
service("python3", script)
print("ready", flush=True)
sys.stdin.read()
