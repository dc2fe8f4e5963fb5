"""The few libc calls that the standard library of Python 3.9 lacks."""

import ctypes
import os
import platform

CLONE_FILES = 0x400
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36

# exit(2) of one thread: glibc's exit() ends the process, only the system call ends the thread alone.
_SYS_EXIT = {"x86_64": 60, "aarch64": 93}

# CDLL releases the interpreter lock during a call, which end_thread() relies on.
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return result


def unshare(flags):
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def prctl(option, argument):
    if isinstance(argument, bytes):
        argument = ctypes.c_char_p(argument)
    else:
        argument = ctypes.c_ulong(argument)
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(ctypes.c_int(option), argument, zero, zero, zero), "prctl")


def map_shared(fd, length):
    """mmap(2) without Python's own mmap, which keeps a duplicate of the descriptor."""
    _libc.mmap.restype = ctypes.c_void_p
    address = _libc.mmap(
        None, ctypes.c_size_t(length), ctypes.c_int(3), ctypes.c_int(1), ctypes.c_int(fd), ctypes.c_long(0)
    )
    if address == ctypes.c_void_p(-1).value:
        number = ctypes.get_errno()
        raise OSError(number, "mmap: %s" % os.strerror(number))
    return address


def can_end_thread():
    return platform.machine() in _SYS_EXIT


def end_thread():
    """Ends the calling thread and nothing else; does not return."""
    _libc.syscall(ctypes.c_long(_SYS_EXIT[platform.machine()]), ctypes.c_long(0))
