"""Runs programs one after another, for runner.ts: a line of JSON on standard input is one run, and one line answers it.

    {"argv": [NAME, ...], "file": PATH, "env": {}, "user": null or UID, "columns": null or N, "stdin": null or TEXT, "pid": N}
    {"pid": N, "status": N or "signal N" or "too long", "stdout": TEXT, "stderr": TEXT}

Text of outputs has a character for each byte. Every run gets the same pipes, or the same terminal of `columns`, and the process
ID `pid` where the kernel allows that: what programs tell of themselves is then the same in every run.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

TIMEOUT_S = 30
# Written to the terminal after a program has ended: what comes before it has arrived.
END = b"\0end of the output\0"


def read(fd):
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""


class Runner:
    def __init__(self):
        self.out, self.err = os.pipe(), os.pipe()
        self.terminal, self.slave = pty.openpty()
        attributes = termios.tcgetattr(self.slave)
        # Line ends stay as the program made them, and nothing comes back as an echo.
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(self.slave, termios.TCSANOW, attributes)
        # A byte arrives here when a child has ended. A descriptor of the child itself would be another file in every run.
        self.ended, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake)
        self.null = os.open("/dev/null", os.O_RDONLY)
        for fd in (self.out[0], self.err[0], self.terminal, self.ended):
            os.set_blocking(fd, False)

    def child(self, task, stdout, stdin):
        os.setpgid(0, 0)
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.dup2(self.err[1], 2)
        if task["user"] is not None:
            os.setgroups([])
            os.setgid(task["user"])
            os.setuid(task["user"])
        for number in (signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.execve(task["file"], task["argv"], task["env"])

    def run(self, task):
        on_terminal = task["columns"] is not None
        if on_terminal:
            fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, task["columns"], 0, 0))
        stdin = self.null
        if task["stdin"] is not None:
            stdin = os.memfd_create("stdin")
            os.write(stdin, task["stdin"].encode())
            os.lseek(stdin, 0, os.SEEK_SET)
        try:
            with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
                last.write(str(task["pid"] - 1))
        except OSError:
            pass
        pid = os.fork()
        if pid == 0:
            try:
                self.child(task, self.slave if on_terminal else self.out[1], stdin)
            except OSError as error:
                os.write(2, ("runner: %s: %s\n" % (task["file"], error)).encode())
            finally:
                os._exit(127)
        if stdin != self.null:
            os.close(stdin)
        source = self.terminal if on_terminal else self.out[0]
        out, err, late = bytearray(), bytearray(), False
        deadline = time.monotonic() + TIMEOUT_S
        waiting = select.poll()
        for fd in (source, self.err[0], self.ended):
            waiting.register(fd, select.POLLIN)
        status = None
        while True:
            # Once the child has ended, what it wrote is already there.
            ready = [fd for fd, _ in waiting.poll(0 if status is not None else 1000)]
            if source in ready:
                out += read(source)
            if self.err[0] in ready:
                err += read(self.err[0])
            # A child of the child may end later, so `ended` alone does not count.
            if status is not None and source not in ready and self.err[0] not in ready:
                break
            if status is None and (self.ended in ready or not ready):
                read(self.ended)
                done, code = os.waitpid(pid, os.WNOHANG)
                if done == pid:
                    status = code
            if time.monotonic() > deadline and not late:
                # What has ended was waited for, and its number may be another process's. Only what it left behind still writes.
                if status is not None:
                    break
                late = True
                os.kill(pid, signal.SIGKILL)
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        if on_terminal:
            os.write(self.slave, END)
            while not out.endswith(END):
                select.select([self.terminal], [], [], 5)
                out += read(self.terminal)
            del out[-len(END):]
        code = os.waitstatus_to_exitcode(status)
        return {
            "pid": pid,
            "status": "too long" if late else code if code >= 0 else "signal %d" % -code,
            "stdout": out.decode("latin1"),
            "stderr": err.decode("latin1"),
        }


def main():
    runner = Runner()
    for line in sys.stdin:
        print(json.dumps(runner.run(json.loads(line))), flush=True)


main()
