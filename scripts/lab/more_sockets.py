"""Sockets for comparisons that the factories of test/support do not make: options, algorithms and families in their variety.

Run in a namespace of its own. Prints one line of JSON, {"kinds": [KIND], "missing": {KIND: REASON}, "made": N}, and keeps the sockets until its
standard input is closed. What the kernel does not have is left out.
"""

import ctypes
import json
import os
import socket
import struct
import sys

AF_TIPC, AF_VSOCK, AF_XDP = 30, 40, 44
SOL_NETLINK, SOL_PACKET, SOL_TIPC, SOL_DCCP, SOL_TLS, SOL_XDP, SOL_SCTP = 270, 263, 271, 269, 282, 283, 132
SO_MARK, SO_PRIORITY, SO_MAX_PACING_RATE = 36, 12, 47
TCP_MD5SIG, TCP_CONGESTION, TCP_ULP, TCP_FASTOPEN, TCP_DEFER_ACCEPT = 14, 13, 31, 23, 9
LOCAL, LOCAL6 = "127.0.0.1", "::1"

KINDS = {}
KEPT = []


def kind(function):
    KINDS[function.__name__] = function
    return function


def keep(sock):
    KEPT.append(sock)
    return sock


def new(family=socket.AF_INET, form=socket.SOCK_STREAM, protocol=0):
    return keep(socket.socket(family, form, protocol))


def server(address=LOCAL, port=0, backlog=8, options=(), form=socket.SOCK_STREAM, protocol=0):
    sock = new(socket.AF_INET6 if ":" in address else socket.AF_INET, form, protocol)
    for option in options:
        sock.setsockopt(*option)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def connection(listener, options=()):
    """Both ends, client first."""
    client = new(listener.family, listener.type, listener.proto)
    for option in options:
        client.setsockopt(*option)
    client.settimeout(5)
    client.connect(listener.getsockname())
    listener.settimeout(5)
    accepted = keep(listener.accept()[0])
    client.settimeout(None)
    return client, accepted


@kind
def algorithms():
    """A connection with data for every congestion control that there is."""
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control", encoding="ascii") as names:
        for name in names.read().split():
            try:
                client, accepted = connection(server(), [(6, TCP_CONGESTION, name.encode())])
            except OSError:
                continue  # Not every one may be chosen by name.
            for _ in range(3):
                client.send(b"x" * 3000)
                accepted.recv(3000, socket.MSG_WAITALL)
                accepted.send(b"y" * 500)
                client.recv(500, socket.MSG_WAITALL)


@kind
def listeners_with_options():
    for number, options in enumerate((
        [(1, SO_MARK, 0x10002)],
        [(1, SO_PRIORITY, 6)],
        [(1, SO_PRIORITY, 0x10001)],
        [(1, SO_MAX_PACING_RATE, 1000000)],
        [(6, TCP_FASTOPEN, 16)],
        [(6, TCP_DEFER_ACCEPT, 30)],
        [(0, 1, 0xB8)],
        [(0, 11, 1)],
        [(0, 24, 1)],
        [(0, 49, 0)],
        [(0, 34, 0)],
        [(1, 8, 400000), (1, 7, 400000)],
    )):
        server(port=6100 + number, options=options)
    for number, options in enumerate(([(41, 67, 0x10)], [(41, 67, 0xFF)], [(41, 25, 1)], [(41, 26, 1)])):
        server(LOCAL6, 6200 + number, options=options)
    server("0.0.0.0", 6300, options=[(1, 25, b"lo\0")])
    server("::", 6301, options=[(1, 25, b"lo\0"), (41, 26, 1)])
    server(port=6302, backlog=0)
    server(port=6303, backlog=100000)


@kind
def vrf():
    """Sockets of a domain of routes, which the interface vrf0 stands for."""
    if not os.path.exists("/sys/class/net/vrf0"):
        raise OSError("there is no interface vrf0")
    device = [(1, 25, b"vrf0\0")]
    server("0.0.0.0", 6350, options=device)
    connection(server("10.9.1.1", 6351, options=device), device)
    bound = new(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(*device[0])
    bound.bind(("10.9.1.1", 6352))


@kind
def zones():
    """Addresses of one link, which are nothing without it."""
    with open("/proc/net/if_inet6", encoding="ascii") as table:
        index = next((int(line.split()[1], 16) for line in table if line.startswith("fe80%028x" % 0x90001)), None)
    if index is None:
        raise OSError("there is no address fe80::9:1")
    address = ("fe80::9:1", 6360, 0, index)
    listener = new(socket.AF_INET6)
    listener.bind(address)
    listener.listen(4)
    connection(listener)
    bound = new(socket.AF_INET6, socket.SOCK_DGRAM)
    bound.bind(("fe80::9:1", 6361, 0, index))
    sender = new(socket.AF_INET6, socket.SOCK_DGRAM)
    sender.connect(("fe80::9:1", 6361, 0, index))


@kind
def md5_keys():
    def key(address, text):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        number = socket.inet_pton(family, address)
        holder = struct.pack("=HH", family, 0) + (b"" if family == socket.AF_INET else bytes(4)) + number
        return holder.ljust(128, b"\0") + struct.pack("=BBHi", 0, 0, len(text), 0) + text.ljust(80, b"\0")

    listener = server(port=6400)
    listener.setsockopt(6, TCP_MD5SIG, key("10.9.0.2", b"secret"))
    listener.setsockopt(6, TCP_MD5SIG, key("10.9.0.3", b"tab\there"))
    server(LOCAL6, 6401).setsockopt(6, TCP_MD5SIG, key("2001:db8::9", b"six"))


@kind
def kernel_tls():
    listener = server(port=6500)
    for version, cipher, size in ((0x303, 51, 40), (0x304, 51, 40), (0x304, 52, 56), (0x304, 54, 56), (0x303, 53, 40)):
        client, _ = connection(listener)
        client.setsockopt(6, TCP_ULP, b"tls")
        keys = struct.pack("=HH", version, cipher) + bytes(size - 4)
        for direction in (1, 2):
            try:
                client.setsockopt(SOL_TLS, direction, keys)
            except OSError:
                pass  # This cipher or version is not there.
    client, _ = connection(listener)
    client.setsockopt(6, TCP_ULP, b"tls")


@kind
def multipath():
    listener = server(port=6600, protocol=262)
    for _ in range(2):
        client, accepted = connection(listener)
        client.send(b"m" * 100)
        accepted.recv(10)
    plain = new()
    plain.connect(listener.getsockname())


@kind
def sctp():
    one = server(port=6700, protocol=132)
    client, accepted = connection(one)
    client.send(b"s" * 200)
    many = server(port=6701, form=socket.SOCK_SEQPACKET, protocol=132)
    for _ in range(3):
        other = new(socket.AF_INET, socket.SOCK_STREAM, 132)
        other.connect(many.getsockname())
        other.send(b"t" * 100)
    connection(server(LOCAL6, 6702, protocol=132))
    bound = new(socket.AF_INET, socket.SOCK_SEQPACKET, 132)
    bound.bind((LOCAL, 6703))
    # SCTP_SOCKOPT_BINDX_ADD with one more address.
    more = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(6703), socket.inet_aton("127.0.0.2"))
    bound.setsockopt(SOL_SCTP, 100, more)
    bound.listen(4)
    new(socket.AF_INET, socket.SOCK_SEQPACKET, 132)
    waiting = new(socket.AF_INET, socket.SOCK_STREAM, 132)
    waiting.setblocking(False)
    waiting.connect_ex(("10.9.0.200", 6704))
    half, _ = connection(one)
    half.shutdown(socket.SHUT_WR)


@kind
def dccp():
    def end(family=socket.AF_INET):
        sock = new(family, 6, 33)
        sock.setsockopt(SOL_DCCP, 2, struct.pack("!I", 42))
        return sock

    listener = end()
    listener.bind((LOCAL, 6800))
    listener.listen(4)
    end().connect(listener.getsockname())
    keep(listener.accept()[0])
    six = end(socket.AF_INET6)
    six.bind((LOCAL6, 6801))
    six.listen(4)


@kind
def tipc():
    for form in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RDM, socket.SOCK_SEQPACKET):
        new(AF_TIPC, form)
    listener = new(AF_TIPC, socket.SOCK_STREAM)
    listener.bind((socket.TIPC_ADDR_NAMESEQ, 18000, 0, 50, socket.TIPC_NODE_SCOPE))
    listener.listen(4)
    client = new(AF_TIPC, socket.SOCK_STREAM)
    # The connection is made by accept().
    client.setblocking(False)
    client.connect_ex((socket.TIPC_ADDR_NAME, 18000, 7, 0))
    listener.settimeout(5)
    keep(listener.accept()[0])
    client.setblocking(True)
    client.send(b"t" * 100)
    other = new(AF_TIPC, socket.SOCK_SEQPACKET)
    other.bind((socket.TIPC_ADDR_NAMESEQ, 18001, 0, 1, socket.TIPC_NODE_SCOPE))
    other.listen(2)
    new(AF_TIPC, socket.SOCK_RDM).bind((socket.TIPC_ADDR_NAMESEQ, 18002, 1, 5, socket.TIPC_NODE_SCOPE))


@kind
def vsock_connection():
    listener = new(AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((1, 6900))
    listener.listen(4)
    connection(listener)
    waiting = new(AF_VSOCK, socket.SOCK_STREAM)
    waiting.setblocking(False)
    waiting.connect_ex((2, 9))


@kind
def xdp():
    import mmap  # pylint: disable=import-outside-toplevel

    new(AF_XDP, socket.SOCK_RAW)
    sock = new(AF_XDP, socket.SOCK_RAW)
    memory = mmap.mmap(-1, 64 * 4096)
    KEPT.append(memory)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    sock.setsockopt(SOL_XDP, 4, struct.pack("=QQIII4x", start, 64 * 4096, 4096, 0, 0))
    for option, size in ((5, 64), (6, 32), (2, 64), (3, 128)):
        sock.setsockopt(SOL_XDP, option, struct.pack("=i", size))


@kind
def packets():
    def packet(form, ethertype, *options):
        sock = new(socket.AF_PACKET, form, socket.htons(ethertype))
        sock.bind(("lo", ethertype))
        for option, value in options:
            sock.setsockopt(SOL_PACKET, option, value)

    for ethertype in (0x800, 0x86DD, 0x806, 0x88CC, 0x8100, 0x888E, 1, 4, 0x9100):
        packet(socket.SOCK_RAW, ethertype)
    for group, form in enumerate((0, 1, 2, 3, 5, 0x1000, 0x8000)):
        packet(socket.SOCK_DGRAM, 3, (18, struct.pack("=I", form << 16 | 200 + group)))
    # A block is whole pages.
    block = os.sysconf("SC_PAGE_SIZE")
    packet(socket.SOCK_RAW, 3, (10, 1), (5, struct.pack("=4I", block, 4, 2048, 4 * block // 2048)), (13, struct.pack("=4I", block, 2, block, 2)))
    packet(socket.SOCK_RAW, 3, (10, 2), (5, struct.pack("=7I", 1 << 16, 2, 2048, 64, 60, 0, 0)))
    packet(socket.SOCK_RAW, 3, (8, 1), (9, 1), (15, 1))
    unbound = new(socket.AF_PACKET, socket.SOCK_RAW, 0)
    unbound.setblocking(False)


@kind
def netlinks():
    for protocol in range(22):
        try:
            new(socket.AF_NETLINK, socket.SOCK_RAW, protocol).bind((0, 0))
        except OSError:
            pass  # This kernel has no such protocol.
    for port_id, groups in ((0, 0x11), (0, 0x7FFFFFFF), (1, 0), (99999999, 0), (4000000000, 0)):
        new(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((port_id, groups))
    member = new(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    member.bind((0, 0))
    for group in (1, 5, 31, 33):
        member.setsockopt(SOL_NETLINK, 1, group)
    connected = new(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    connected.bind((777, 0))
    connected.connect((0, 1))


@kind
def datagrams():
    for number, (family, address) in enumerate(((socket.AF_INET, LOCAL), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, LOCAL6), (socket.AF_INET6, "::"))):
        new(family, socket.SOCK_DGRAM).bind((address, 6970 + number))
    target = new(socket.AF_INET, socket.SOCK_DGRAM)
    target.bind((LOCAL, 6980))
    sender = new(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect((LOCAL, 6980))
    sender.send(b"d" * 100)


@kind
def udplite():
    new(socket.AF_INET, socket.SOCK_DGRAM, 136).bind((LOCAL, 6981))


@kind
def raw_protocols():
    for protocol in (1, 2, 6, 17, 47, 89, 131, 200, 255):
        new(socket.AF_INET, socket.SOCK_RAW, protocol)
    bound = new(socket.AF_INET, socket.SOCK_RAW, 112)
    bound.bind((LOCAL, 0))
    for protocol in (58, 89, 103):
        new(socket.AF_INET6, socket.SOCK_RAW, protocol)
    connected = new(socket.AF_INET6, socket.SOCK_RAW, 200)
    connected.connect((LOCAL6, 0))


@kind
def unix_states():
    for form in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        left, right = (keep(sock) for sock in socket.socketpair(socket.AF_UNIX, form))
        left.send(b"u" * 100)
        new(socket.AF_UNIX, form).bind(b"")
        new(socket.AF_UNIX, form)
        if form != socket.SOCK_DGRAM:
            right.shutdown(socket.SHUT_WR)
    for how in (socket.SHUT_RD, socket.SHUT_RDWR):
        left, _ = (keep(sock) for sock in socket.socketpair())
        left.shutdown(how)
    left, right = socket.socketpair()
    keep(left)
    right.close()
    for number, name in enumerate((b"\0lab-plain", b"\0lab\0with\0nul", b"\0" + b"l" * 107, b"\0lab space", b"\0lab*?[a]", b"\0\xff\xfe")):
        listener = new(socket.AF_UNIX)
        listener.bind(name)
        listener.listen(number)
    full = new(socket.AF_UNIX)
    full.bind(b"\0lab-full")
    full.listen(0)
    for _ in range(3):
        waiting = new(socket.AF_UNIX)
        waiting.setblocking(False)
        waiting.connect_ex(b"\0lab-full")


@kind
def trouble():
    """Zero windows, data that nobody reads, urgent data, a closed end with data."""
    listener = server(port=6950)
    client, accepted = connection(listener)
    client.setblocking(False)
    try:
        while True:
            client.send(b"w" * 65536)
    except BlockingIOError:
        pass
    client, accepted = connection(listener)
    client.send(b"u", socket.MSG_OOB)
    client, accepted = connection(listener, [(1, 9, 1)])
    client.send(b"d" * 1000)
    client.shutdown(socket.SHUT_WR)
    lingering, accepted = connection(listener, [(1, 13, struct.pack("ii", 1, 60))])
    accepted.send(b"l" * 10)


def main():
    missing = {}
    for name, function in KINDS.items():
        try:
            function()
        except (OSError, AttributeError) as error:
            missing[name] = str(error)
    print(json.dumps({"kinds": list(KINDS), "missing": missing, "made": len(KEPT)}), flush=True)
    sys.stdin.read()
    # Without waiting for what lingers.
    os._exit(0)


main()
