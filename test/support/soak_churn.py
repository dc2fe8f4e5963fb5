"""Processes and sockets that come and go, and a log of who held what.

Usage: soak_churn.py LOG FORKS_PER_SECOND. Runs until standard input ends; then everything ends, and one line of JSON says how much
was done. Each process adds its lines `PID INODE` to LOG in one write before it ends: for every socket it held, those that it
inherited included. Nothing is killed, so that the log is complete.
"""

import json
import os
import random
import select
import socket
import struct
import sys
import time

WORKERS = 2


def inode(sock):
    return os.fstat(sock.fileno()).st_ino


def write_log(log, held):
    pid = os.getpid()
    os.write(log, "".join(f"{pid} {number}\n" for number in held).encode())


def traffic(held):
    """Opens and closes what a small server and its clients do."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    held.add(inode(listener))
    pairs = []
    for _ in range(random.randrange(1, 4)):
        client = socket.socket()
        held.add(inode(client))
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        held.add(inode(server))
        if random.random() < 0.95:
            # Ends by a reset: no TIME-WAIT, thousands of which would be most of what is listed.
            for sock in (client, server):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        pairs += [client, server]
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    held.add(inode(udp))
    udp.bind(("::1", 0))
    return [listener, udp, *pairs]


def child(log, inherited):
    """One short life; every third has a child of its own that inherits."""
    held = set(inherited)
    kept = traffic(held)
    if random.random() < 0.3:
        random.shuffle(kept)
        for sock in kept[: len(kept) // 2]:
            sock.close()
        kept = kept[len(kept) // 2 :]
    pid = 0
    if random.random() < 0.3:
        pid = os.fork()
        if pid == 0:
            # What was closed before the fork was never held here.
            write_log(log, set(inherited) | {inode(sock) for sock in kept})
            time.sleep(random.random() * 0.05)
            os._exit(0)
    time.sleep(random.random() * 0.05)
    write_log(log, held)
    for sock in kept:
        sock.close()
    if pid:
        os.waitpid(pid, 0)
    os._exit(0)


def worker(log, rate, stop):
    """Starts children at a rate until `stop` is closed. Its own two sockets are inherited by all of them."""
    own = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for sock in own:
        sock.bind(("127.0.0.1", 0))
    inherited = {inode(sock) for sock in own}
    write_log(log, inherited)
    started = time.monotonic()
    forks = 0
    alive = 0
    while not select.select([stop], [], [], 0)[0]:
        if alive < 100 and forks < (time.monotonic() - started) * rate:
            if os.fork() == 0:
                random.seed()
                child(log, inherited)
            forks += 1
            alive += 1
        else:
            time.sleep(0.001)
        while alive:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            alive -= 1
    for _ in range(alive):
        os.waitpid(-1, 0)
    return forks


def main():
    path, rate = sys.argv[1], float(sys.argv[2])
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    stop, closing = os.pipe()
    counts, report = os.pipe()
    workers = []
    for _ in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            os.close(closing)
            os.write(report, f"{worker(log, rate / WORKERS, stop)}\n".encode())
            os._exit(0)
        workers.append(pid)
    print("ready", flush=True)
    sys.stdin.read()
    os.close(closing)
    for pid in workers:
        os.waitpid(pid, 0)
    os.close(report)
    print(json.dumps({"forks": sum(map(int, os.fdopen(counts).read().split()))}), flush=True)


main()
