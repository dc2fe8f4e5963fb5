"""Sockets of every kind that may be in the way of bind(2), and what bind(2) really says beside each.

Prints a JSON list of {target, plain, reuse, reusePort} when everything stands, and waits for its standard input to be closed. With
arguments it makes nothing and tries those targets alone: TRANSPORT ADDRESS PORT, three words each, behind "nobody" as that
user.
"""

import errno
import json
import os
import socket
import sys

keep = []


def make(address, kind=socket.SOCK_STREAM):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


def bound(address, port, kind=socket.SOCK_STREAM, reuse=False, reuseport=False, v6only=None, device=None):
    sock = make(address, kind)
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuseport:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if device is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    sock.bind((address, port))
    keep.append(sock)
    return sock


def listening(address, port, **options):
    sock = bound(address, port, **options)
    sock.listen(8)
    return sock


def connected(port, reuse, closes_first):
    """A connection to a listener that is gone: still open, or with the server's end in TIME-WAIT."""
    server = listening("127.0.0.1", port, reuse=reuse)
    client = socket.create_connection(("127.0.0.1", port))
    accepted = server.accept()[0]
    server.close()
    if closes_first:
        accepted.close()
        client.recv(1)
        client.close()
    else:
        keep.extend((client, accepted))


def outgoing():
    server = listening("127.0.0.1", 0)
    client = socket.create_connection(server.getsockname())
    keep.append(client)
    return client.getsockname()[1]


def attempt(transport, address, port, option):
    try:
        sock = make(address, socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
    except OSError as error:
        return errno.errorcode[error.errno]
    with sock:
        if option is not None:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            sock.bind((address, port))
            return "OK"
        except OSError as error:
            return errno.errorcode[error.errno]


def targets():
    dgram = socket.SOCK_DGRAM
    yield "tcp", "0.0.0.0", 7001
    listening("0.0.0.0", 7002)
    yield "tcp", "127.0.0.1", 7002
    yield "tcp", "0.0.0.0", 7002
    yield "tcp", "::", 7002
    yield "udp", "0.0.0.0", 7002
    listening("127.0.0.1", 7003)
    yield "tcp", "0.0.0.0", 7003
    yield "tcp", "127.0.0.2", 7003
    yield "tcp", "::", 7003
    yield "tcp", "::1", 7003
    yield "tcp", "::ffff:127.0.0.1", 7003
    listening("::", 7004, v6only=0)
    yield "tcp", "0.0.0.0", 7004
    yield "tcp", "127.0.0.1", 7004
    yield "tcp", "::1", 7004
    listening("::", 7005, v6only=1)
    yield "tcp", "0.0.0.0", 7005
    yield "tcp", "::", 7005
    listening("::1", 7006)
    yield "tcp", "0.0.0.0", 7006
    yield "tcp", "::", 7006
    listening("127.0.0.1", 7007, reuseport=True)
    yield "tcp", "127.0.0.1", 7007
    listening("127.0.0.1", 7008, reuse=True)
    yield "tcp", "127.0.0.1", 7008
    bound("127.0.0.1", 7009)
    yield "tcp", "127.0.0.1", 7009
    bound("127.0.0.1", 7010, reuse=True)
    yield "tcp", "127.0.0.1", 7010
    connected(7011, reuse=True, closes_first=False)
    yield "tcp", "127.0.0.1", 7011
    connected(7012, reuse=False, closes_first=False)
    yield "tcp", "127.0.0.1", 7012
    connected(7013, reuse=True, closes_first=True)
    yield "tcp", "127.0.0.1", 7013
    connected(7014, reuse=False, closes_first=True)
    yield "tcp", "127.0.0.1", 7014
    yield "tcp", "127.0.0.1", outgoing()
    listening("0.0.0.0", 7015, device=b"lo")
    yield "tcp", "0.0.0.0", 7015
    yield "tcp", "10.9.9.9", 7016
    yield "tcp", "2001:db8::9", 7016
    yield "tcp", "239.1.2.3", 7016
    yield "udp", "239.1.2.3", 7016
    yield "udp", "0.0.0.0", 7017
    bound("0.0.0.0", 7018, dgram)
    yield "udp", "127.0.0.1", 7018
    yield "udp", "::", 7018
    yield "tcp", "0.0.0.0", 7018
    bound("127.0.0.1", 7019, dgram, reuse=True)
    yield "udp", "127.0.0.1", 7019
    bound("::", 7020, dgram, v6only=0)
    yield "udp", "0.0.0.0", 7020
    bound("::", 7021, dgram, v6only=1)
    yield "udp", "0.0.0.0", 7021
    yield "tcp", "0.0.0.0", 80
    yield "tcp", "0.0.0.0", 1023
    yield "tcp", "0.0.0.0", 1024


words = sys.argv[1:]
if words and words[0] == "nobody":
    # Here and not before: an ordinary user may not be let at the interpreter.
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    words = words[1:]
asked = [(words[i], words[i + 1], int(words[i + 2])) for i in range(0, len(words), 3)]
report = []
for transport, address, port in asked or targets():
    where = "[%s]" % address if ":" in address else address
    report.append({
        "target": "%s:%s:%d" % (transport, where, port),
        "words": [transport, address, str(port)],
        "plain": attempt(transport, address, port, None),
        "reuse": attempt(transport, address, port, socket.SO_REUSEADDR),
        "reusePort": attempt(transport, address, port, socket.SO_REUSEPORT),
    })
print(json.dumps(report), flush=True)
if not asked:
    sys.stdin.read()
