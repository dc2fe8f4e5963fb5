"""The host of docs/recipes.md: run it in network, mount and PID namespaces of its own.

It has a public and a private address. Services listen, one of them has started a shell that inherited its listener; clients
are connected, one does not close what its server has closed, and one has just closed a connection itself. Prints "ready", and
stays until standard input ends.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

PR_SET_NAME = 15
# nodad: without it the kernel first looks for duplicates, and the address is not usable yet.
COMMANDS = [
    "ip link set lo up",
    "ip link add eth0 type veth peer name far0",
    "ip addr add 10.0.0.5/24 dev eth0",
    "ip addr add 45.33.32.5/24 dev eth0",
    "ip -6 addr add 2001:4860::5/64 dev eth0 nodad",
    "ip link set eth0 up",
    "ip link set far0 up",
    "mount -t tmpfs none /run",
    "hostname web1",
    # A connection whose owner has closed it stays as long as the scene does.
    "sysctl -qw net.ipv4.tcp_fin_timeout=3600",
]


def service(name, start):
    """A process of this name, which does as `start` does and then waits. Returns when it has started."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
        kept = start()
        os.write(write, b"x")
        os.close(write)
        signal.pause()
        os._exit(len(kept))
    os.close(write)
    os.read(read, 1)
    os.close(read)


def listen(address, port, backlog=128, dual=False):
    six = ":" in address
    listener = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if six:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
    listener.bind((address, port))
    listener.listen(backlog)
    return listener


def nginx():
    listeners = [listen("0.0.0.0", 80, 511), listen("::", 80, 511)]
    for _ in range(4):
        service("nginx", lambda: listeners)
    return listeners


def postgres():
    """Accepts three connections, and closes the last one."""
    listener = listen("127.0.0.1", 5432)
    made = socket.socketpair()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(PR_SET_NAME, b"app", 0, 0, 0)
        listener.close()
        clients = [socket.create_connection(("127.0.0.1", 5432)) for _ in range(3)]
        made[1].send(b"x")
        signal.pause()
        os._exit(len(clients))
    accepted = [listener.accept()[0] for _ in range(3)]
    made[0].recv(1)
    accepted.pop().close()
    return [listener, accepted, made]


def script():
    listener = listen("127.0.0.1", 8080, 100)
    listener.set_inheritable(True)
    # A shell that waits for input that never comes.
    shell = subprocess.Popen(["sh", "-c", "read line"], stdin=subprocess.PIPE, close_fds=False)
    return [listener, shell]


def dnsmasq():
    resolver = socket.socket(type=socket.SOCK_DGRAM)
    resolver.bind(("10.0.0.5", 53))
    return [resolver]


def worker():
    """A socket file, and a queue with somebody in it."""
    local = socket.socket(socket.AF_UNIX)
    local.bind("/run/app.sock")
    local.listen(8)
    busy = listen("10.0.0.5", 7000, 1)
    waiting = [socket.create_connection(("10.0.0.5", 7000)) for _ in range(2)]
    return [local, busy, waiting]


def backup():
    """Closes connections before the other side does, again and again, so that one is always in TIME-WAIT."""
    listener = listen("10.0.0.5", 8000)

    def close_one():
        client = socket.create_connection(("10.0.0.5", 8000))
        server, _ = listener.accept()
        client.close()
        server.recv(1)
        server.close()

    close_one()
    if os.fork() == 0:
        while True:
            time.sleep(10)
            close_one()
    return [listener]


for command in COMMANDS:
    subprocess.run(command.split(), check=True)
service("sshd", lambda: [listen("0.0.0.0", 22), listen("::", 22)])
service("nginx", nginx)
service("postgres", postgres)
service("python3", script)
service("dnsmasq", dnsmasq)
service("worker", worker)
service("backup", backup)
print("ready", flush=True)
sys.stdin.read()
