"""An idle host: a few sockets, and a command that is run beside them. The same on every machine, in namespaces of its own.

idle_host.py run COMMAND...             runs it, and ends with its status
idle_host.py faults RUNS COMMAND...     prints the fewest page faults of some runs, output thrown away
"""

import os
import socket
import subprocess
import sys


def sockets():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 8080))
    listener.listen()
    any6 = socket.socket(socket.AF_INET6)
    any6.bind(("::", 8081))
    any6.listen()
    datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagram.bind(("0.0.0.0", 5353))
    client = socket.create_connection(("127.0.0.1", 8080))
    server, _ = listener.accept()
    return [listener, any6, datagram, client, server]


def faults(runs, command):
    quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    fewest = None
    for _ in range(runs):
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
        _, status, usage = os.wait4(pid, 0)
        if status != 0:
            sys.exit(f"{command} ended with status {status}")
        if fewest is None or usage.ru_minflt < fewest:
            fewest = usage.ru_minflt
    return fewest


held = sockets()
if sys.argv[1] == "faults":
    print(faults(int(sys.argv[2]), sys.argv[3:]))
else:
    sys.exit(subprocess.run(sys.argv[2:]).returncode)
