"""Processes and sockets that stay as they are, in a PID and a network namespace of their own. Says `ready` and the number
of its PID namespace, and ends with its standard input."""
import ctypes
import os
import socket
import sys
import threading
import time

libc = ctypes.CDLL(None)
CLONE_FILES, CLONE_NEWNET = 0x400, 0x40000000
os.system("ip link set lo up")
kept = []


def listen(port, address="127.0.0.1", family=socket.AF_INET):
    made = socket.socket(family)
    made.bind((address, port))
    made.listen(8)
    kept.append(made)
    return made


first = listen(8001)
listen(8002, "::1", socket.AF_INET6)
listen(8003, "0.0.0.0")
caller = socket.create_connection(("127.0.0.1", 8001))
kept += [caller, first.accept()[0], socket.create_connection(("127.0.0.1", 8003))]
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 5353))
kept.append(datagrams)
for name in ("/run/faults.sock", "\0faults"):
    server = socket.socket(socket.AF_UNIX)
    server.bind(name)
    server.listen(4)
    kept.append(server)
kept += socket.socketpair()
kept.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300))
link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
link.bind((77, 0))
kept.append(link)


def own_table():
    libc.unshare(CLONE_FILES)
    listen(8010)
    time.sleep(100_000)


threading.Thread(target=own_table, daemon=True).start()
time.sleep(0.3)
for number in range(6):
    if os.fork() == 0:
        if number % 2 == 0:
            listen(8100 + number)
        if number == 5:
            # Another network namespace, with a listener in it.
            libc.unshare(CLONE_NEWNET)
            os.system("ip link set lo up")
            listen(8200, "0.0.0.0")
        time.sleep(100_000)
time.sleep(0.7)
print("ready", os.stat("/proc/self/ns/pid").st_ino, flush=True)
sys.stdin.read()
