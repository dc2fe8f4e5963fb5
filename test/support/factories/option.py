"""Sockets with options that listings show, and sockets of a control group of their own."""

import ctypes
import os
import socket
import struct

from .scene import Skip, describe
from .table import factory
from .tcp import listener

SO_ATTACH_FILTER = 26
SO_MARK = 36
IP_FREEBIND = 15
IP_TRANSPARENT = 19
MARK = 0x25


@factory("listeners with a mark, a type of service, an address that is not here, and transparent")
def with_options(scene):
    for level, option, value, address in (
        (socket.SOL_SOCKET, SO_MARK, MARK, "127.0.0.1"),
        (socket.IPPROTO_IP, socket.IP_TOS, 0x10, "127.0.0.1"),
        (socket.IPPROTO_IP, IP_FREEBIND, 1, "192.0.2.1"),
        (socket.IPPROTO_IP, IP_TRANSPARENT, 1, "127.0.0.1"),
    ):
        sock = scene.socket()
        sock.setsockopt(level, option, value)
        sock.bind((address, 0))
        sock.listen(16)
        scene.add(describe(sock, "listen"))
    scene.facts["mark"] = MARK


@factory("packet socket with a filter program for IPv4")
def filtered_packet(scene):
    sock = scene.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # struct sock_filter { code, jt, jf, k }: load the type of the frame, compare, return.
    program = b"".join(
        struct.pack("=HBBI", *operation)
        for operation in ((0x28, 0, 0, 12), (0x15, 0, 1, 0x0800), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))
    )
    held = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 4, ctypes.addressof(held)))
    scene.add(describe(sock, "close"))


def _cgroup2():
    """Where the hierarchy is mounted."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for line in table:
            before, _, after = line.partition(" - ")
            if after.startswith("cgroup2 "):
                return before.split()[4]
    raise Skip("No cgroup2 hierarchy is mounted")


@factory("listener of a process in a control group of its own")
def in_cgroup(scene):
    name = "sockeye-test-%d" % os.getpid()
    path = os.path.join(_cgroup2(), name)
    try:
        os.mkdir(path)
    except OSError as error:
        raise Skip("No control group can be made: %s" % error.strerror) from None
    scene.undo(lambda: os.rmdir(path))

    def body(_):
        with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as processes:
            processes.write(str(os.getpid()))
        return describe(listener(scene), "listen")

    _, record = scene.child(body)
    scene.add(record)
    scene.facts.update(path=path, name=name)
