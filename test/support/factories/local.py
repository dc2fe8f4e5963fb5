"""Unix sockets."""

import os
import socket

from .scene import describe, inode
from .table import factory


def name_of(raw):
    """A unix address for JSON: a path, or an abstract name without its leading NUL, as hex too since bytes may be any."""
    if not raw:
        return None
    data = os.fsencode(raw) if isinstance(raw, str) else raw
    abstract = data.startswith(b"\0")
    data = data[1:] if abstract else data
    key = "name" if abstract else "path"
    return {key: data.decode("utf-8", "replace"), "hex": data.hex()}


def local(sock, state, peer=None):
    """The record of a unix socket; `peer` is the inode at the other end."""
    return describe(
        sock,
        state,
        local=name_of(sock.getsockname()),
        peer=name_of(sock.getpeername()) if peer else None,
        peer_inode=peer,
    )


def connected(scene, kind, address):
    server = scene.socket(socket.AF_UNIX, kind)
    server.bind(address)
    server.listen(16)
    client = scene.socket(socket.AF_UNIX, kind)
    client.connect(address)
    accepted = scene.keep(server.accept()[0])
    scene.add(
        local(server, "listen"),
        local(client, "established", inode(accepted.fileno())),
        local(accepted, "established", inode(client.fileno())),
    )


@factory("unix stream listener and connection, by a plain path and by one with spaces")
def unix_stream(scene):
    folder = scene.folder()
    for name in ("plain.sock", "with two spaces.sock"):
        connected(scene, socket.SOCK_STREAM, os.path.join(folder, name))
    scene.facts["folder"] = folder


@factory("unix stream listener and connection, by an abstract name with NULs in it")
def unix_abstract(scene):
    connected(scene, socket.SOCK_STREAM, b"\0sockeye-test\0%d" % os.getpid())


@factory("unix datagram socket bound to a path, and one connected to it")
def unix_dgram(scene):
    path = os.path.join(scene.folder(), "dgram.sock")
    server = scene.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    client = scene.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.connect(path)
    scene.add(local(server, "close"), local(client, "established", inode(server.fileno())))


@factory("unix seqpacket listener and connection")
def unix_seqpacket(scene):
    connected(scene, socket.SOCK_SEQPACKET, os.path.join(scene.folder(), "seqpacket.sock"))


@factory("pair of unnamed unix sockets, one end in another process")
def unix_socketpair(scene):
    here, there = socket.socketpair()
    scene.keep(here)
    number, peer = there.fileno(), inode(here.fileno())
    pid, record = scene.child(
        lambda _: local(scene.keep(socket.socket(fileno=number)), "established", peer), [number]
    )
    scene.add(local(here, "established", inode(number)), record)
    there.close()
    scene.facts["process"] = pid


# Bytes that a careless program prints as they are: ends of lines, escape sequences, quotes, what is not UTF-8.
ODD_NAMES = [
    b"new\nline",
    b"esc\x1b[31mape",
    b"not\xffUTF-8",
    "Straße-日本".encode(),
    b"quote\"back\\slash",
    b"tab\there",
    b"comma,colon:star*",
]


@factory("unix sockets of all types, by paths and abstract names of odd bytes")
def unix_odd_names(scene):
    folder = os.fsencode(scene.folder())
    kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)
    for number, name in enumerate(ODD_NAMES):
        for address in (os.path.join(folder, name), b"\0" + name):
            sock = scene.socket(socket.AF_UNIX, kinds[number % len(kinds)])
            sock.bind(address)
            if sock.type == socket.SOCK_DGRAM:
                scene.add(local(sock, "close"))
            else:
                sock.listen(16)
                scene.add(local(sock, "listen"))
