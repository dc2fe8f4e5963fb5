"""Processes that hold many sockets between them: forks that inherit some, and threads with tables of their own.

Usage: crowd.py CHILDREN SOCKETS INHERITED. Prints one line of JSON when all stand, and ends when standard input does.
"""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
import threading

CLONE_FILES = 0x400
libc = ctypes.CDLL(None, use_errno=True)


def private_thread(ready, stop, facts):
    """Leaves the table that the other threads share, then opens a socket that only this thread holds."""
    if libc.unshare(CLONE_FILES) != 0:
        facts["refused"] = os.strerror(ctypes.get_errno())
        ready.set()
        return
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 0))
    facts["tid"] = threading.get_native_id()
    facts["inode"] = os.fstat(own.fileno()).st_ino
    ready.set()
    stop.wait()


def child(sockets, report):
    kept = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]
    ready, stop, facts = threading.Event(), threading.Event(), {}
    # One thread that shares, one that does not.
    threading.Thread(target=stop.wait, daemon=True).start()
    threading.Thread(target=private_thread, args=(ready, stop, facts), daemon=True).start()
    ready.wait()
    os.write(report, (json.dumps({"pid": os.getpid(), "thread": facts}) + "\n").encode())
    signal.pause()
    kept.clear()


def main():
    children, sockets, inherited = map(int, sys.argv[1:])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    shared = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(inherited)]
    read, write = os.pipe()
    pids = []
    for _ in range(children):
        pid = os.fork()
        if pid == 0:
            # Ends with its parent, also when that is killed.
            libc.prctl(1, signal.SIGKILL)
            child(sockets, write)
            os._exit(0)
        pids.append(pid)
    lines = os.fdopen(read)
    facts = [json.loads(lines.readline()) for _ in pids]
    print(json.dumps({"pid": os.getpid(), "children": facts}), flush=True)
    sys.stdin.read()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    shared.clear()


main()
