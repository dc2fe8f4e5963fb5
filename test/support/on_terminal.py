"""Runs a command on a terminal of a given width and prints what stands there in the end, line ends as the program made them.

Lines that were cleared again are left out: how far long work is shows only on a slow machine.

on_terminal.py COLUMNS COMMAND...
"""
import fcntl
import os
import pty
import re
import struct
import sys
import termios

pid, fd = pty.fork()
if pid == 0:
    # The size has to be there before the command looks.
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    attributes = termios.tcgetattr(1)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(1, termios.TCSANOW, attributes)
    os.execvp(sys.argv[2], sys.argv[2:])
said = b""
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    if not data:
        break
    said += data
sys.stdout.buffer.write(re.sub(rb"[^\n]*\r\x1b\[K", b"", said))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
