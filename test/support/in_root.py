"""Runs a program in a root that has nothing to run it by: in_root.py ROOT [NAME=VALUE]… -- COMMAND….

/proc is mounted there, so it wants a mount namespace of its own. The program gets these variables and no others; this one does
not, since its own loader would obey some of them.
"""
import os, subprocess, sys

root, rest = sys.argv[1], sys.argv[2:]
end = rest.index("--")
environment = dict(item.split("=", 1) for item in rest[:end])
subprocess.run(["mount", "-t", "proc", "proc", root + "/proc"], check=True)
os.chroot(root)
os.chdir("/")
os.execve(rest[end + 1], rest[end + 1:], environment)
