"""Sockets that come and go around services that stay. Ends when standard input is closed.

    churn.py stable PATH   services that stay: a listener whose workers come and go, one that is opened anew all the time
                           (the new socket before the old one is closed), UDP, a unix path, a port of the kernel's choice
    churn.py noise         everything else a busy host does: clients, short listeners, forks, connections

`stable` says its endpoints in one line of JSON first.
"""

import json
import os
import random
import select
import signal
import socket
import sys
import time


def stopped(seconds):
    return bool(select.select([0], [], [], seconds)[0])


def listener(port, reuse=True):
    sock = socket.socket()
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(64)
    return sock


def fork(seconds):
    """A child that holds what its parent holds, for a moment."""
    if os.fork() == 0:
        time.sleep(seconds)
        os._exit(0)


def drain(sock):
    sock.setblocking(False)
    try:
        while True:
            sock.accept()[0].close()
    except BlockingIOError:
        pass


def stable(path):
    kept = listener(8001)
    moving = listener(8002)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 5353))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(path)
    unix.listen()
    picked = listener(0)
    print(json.dumps([
        "tcp 127.0.0.1:8001",
        "tcp 127.0.0.1:8002",
        "udp 127.0.0.1:5353",
        "unix-stream " + path,
        "tcp 127.0.0.1:%d" % picked.getsockname()[1],
    ]), flush=True)
    turn = 0
    while not stopped(0.02):
        fork(random.uniform(0, 0.05))
        turn += 1
        if turn % 10 == 0:
            new = listener(8002)
            moving.close()
            moving = new
        drain(kept)
        drain(moving)
    os.unlink(path)


def noise():
    held = []
    while not stopped(0.005):
        kind = random.randrange(5)
        try:
            if kind == 0:
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.sendto(b"x", ("127.0.0.1", 5353))
            elif kind == 1:
                sock = listener(0)
            elif kind == 2:
                sock = listener(random.randrange(20000, 20100))
            elif kind == 3:
                sock = socket.create_connection(("127.0.0.1", random.choice((8001, 8002))), 1)
            else:
                fork(random.uniform(0, 0.02))
                continue
            held.append(sock)
        except OSError:
            pass
        while len(held) > 40:
            held.pop(random.randrange(len(held))).close()


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if sys.argv[1] == "stable":
    stable(sys.argv[2])
else:
    noise()
