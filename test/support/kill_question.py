"""Lets `sockeye kill` ask about a listener, changes something meanwhile, and then says yes. Prints one JSON object.

kill_question.py WHAT SOCKEYE, in a network namespace of its own. WHAT:
  plain       nothing changes
  reuse       the listener ends, and another process gets its number and its port (takes a PID namespace of its own)
  handover    the listener gives the socket to a program that was not shown, and closes its own descriptor
  newcomer    a program that was not shown gets the socket too
"""
import json
import os
import pty
import signal
import socket
import sys
import threading

PORT = 4100
what, sockeye = sys.argv[1:]


def listener():
    """Forks a process that listens. On USR1 it starts a program that inherits the socket; on USR2 it closes its own."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid > 0:
        os.close(told)
        os.read(ready, 1)
        os.close(ready)
        return pid
    os.close(ready)
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", PORT))
    server.listen()
    os.set_inheritable(server.fileno(), True)

    def pass_on(*_):
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "60"])

    signal.signal(signal.SIGUSR1, pass_on)
    signal.signal(signal.SIGUSR2, lambda *_: server.close())
    os.write(told, b".")
    while True:
        signal.pause()


def wait_for(condition):
    for _ in range(4000):
        if condition():
            return
        signal.sigtimedwait([], 0.01)
    raise SystemExit("nothing came of it")


def holders():
    """Processes that hold the listening socket of the port, by the same means as anybody."""
    with open("/proc/net/tcp") as table:
        inodes = {row.split()[9] for row in table if f":{PORT:04X}" in row.split()[1]}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            with open(f"/proc/{pid}/comm", errors="replace") as comm:
                name = comm.read().strip()
        except OSError:
            continue
        if any(link == f"socket:[{inode}]" for link in links for inode in inodes):
            found.append((int(pid), name))
    return found


def burn(until):
    """Uses up process IDs until the next one is this. Threads take them from the same numbers, and are quick."""
    while True:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        if thread.native_id == until - 1:
            return


if what == "reuse":
    # Of this PID namespace only, since Linux 6.14.
    with open("/proc/sys/kernel/pid_max", "w") as limit:
        limit.write("400")
    # Numbers up to 300 are not given out again.
    burn(321)

first = listener()
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sockeye, [sockeye, "kill", str(PORT), "--timeout", "20"])
said = b""
while b"[y/N] " not in said:
    more = os.read(terminal, 4096)
    if not more:
        break
    said += more

if what == "reuse":
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    while True:
        # A thread of the program that asks may get the number first, and gives it back.
        burn(first)
        second = listener()
        if second == first:
            break
        os.kill(second, signal.SIGKILL)
        os.waitpid(second, 0)
elif what in ("handover", "newcomer"):
    os.kill(first, signal.SIGUSR1)
    wait_for(lambda: any(name == "sleep" for _, name in holders()))
    if what == "handover":
        os.kill(first, signal.SIGUSR2)
        wait_for(lambda: all(pid != first for pid, _ in holders()))

os.write(terminal, b"y\n")
try:
    while True:
        more = os.read(terminal, 4096)
        if not more:
            break
        said += more
except OSError:
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
left = holders()
print(json.dumps({"said": said.decode(), "status": status, "left": [name for _, name in left], "pid": first}))
for pid, _ in left + [(first, "")]:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
