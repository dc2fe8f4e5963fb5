"""UDP, UDP-Lite, raw and ping sockets, and addresses that need a scope."""

import socket
import struct
import subprocess

from .scene import Skip, describe, settle
from .table import factory
from .tcp import need_ipv6, queue

IPPROTO_UDPLITE = 136


def bound(scene, family, kind, address, port=0, protocol=0):
    sock = scene.socket(family, kind, protocol)
    sock.bind((address, port))
    return sock


@factory("bound IPv4 UDP socket")
def udp_bound(scene, address="127.0.0.1", port=0):
    scene.add(describe(bound(scene, socket.AF_INET, socket.SOCK_DGRAM, address, port), "close"))


@factory("bound IPv6 UDP socket")
def udp6_bound(scene, address="::1", port=0):
    need_ipv6()
    scene.add(describe(bound(scene, socket.AF_INET6, socket.SOCK_DGRAM, address, port), "close"))


@factory("connected IPv4 UDP socket, and the one it talks to, with unread bytes")
def udp_connected(scene):
    server = bound(scene, socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1")
    client = scene.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(server.getsockname())
    client.send(b"x" * 100)
    scene.add(describe(server, "close"), describe(client, "established"))


@factory("UDP socket that joined a multicast group on lo")
def udp_multicast(scene, group="239.1.2.3", port=0):
    sock = bound(scene, socket.AF_INET, socket.SOCK_DGRAM, "0.0.0.0", port)
    sock.setsockopt(
        socket.IPPROTO_IP,
        socket.IP_ADD_MEMBERSHIP,
        struct.pack("=4s4si", socket.inet_aton(group), bytes(4), socket.if_nametoindex("lo")),
    )
    scene.add(describe(sock, "close"))
    scene.facts["group"] = group


@factory("bound UDP-Lite socket")
def udplite(scene, address="127.0.0.1"):
    scene.add(describe(bound(scene, socket.AF_INET, socket.SOCK_DGRAM, address, 0, IPPROTO_UDPLITE), "close"))


@factory("raw IPv4 socket for ICMP")
def raw(scene, address="127.0.0.1"):
    scene.add(describe(bound(scene, socket.AF_INET, socket.SOCK_RAW, address, 0, socket.IPPROTO_ICMP), "close"))


@factory("raw IPv6 socket for ICMPv6")
def raw6(scene, address="::1"):
    need_ipv6()
    scene.add(describe(bound(scene, socket.AF_INET6, socket.SOCK_RAW, address, 0, socket.IPPROTO_ICMPV6), "close"))


@factory("ping socket: SOCK_DGRAM for ICMP")
def ping(scene, address="127.0.0.1"):
    setting = "/proc/sys/net/ipv4/ping_group_range"
    if scene.private():
        try:
            with open(setting, "w") as file:
                file.write("0 2147483647")
        except OSError:
            pass  # The socket call says whether it matters.
    try:
        sock = bound(scene, socket.AF_INET, socket.SOCK_DGRAM, address, 0, socket.IPPROTO_ICMP)
    except PermissionError:
        with open(setting) as file:
            raise Skip("ping_group_range is %s" % " ".join(file.read().split())) from None
    scene.add(describe(sock, "close"))


@factory("IPv6 TCP listener and UDP socket on a link-local address (makes a device)")
def link_local(scene, device="sockeye0", address="fe80::5"):
    need_ipv6()
    scene.need_private("A network device is made")

    def ip(*words):
        result = subprocess.run(("ip",) + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return None if result.returncode == 0 else result.stdout.decode("utf-8", "replace").strip()

    reason = ip("link", "add", device, "type", "dummy")
    if reason:
        reason = ip("link", "add", device, "type", "veth", "peer", "name", device + "p")
    if reason:
        raise Skip("No device could be made: %s" % reason)
    scene.undo(lambda: ip("link", "del", device))
    for words in (
        ("addr", "add", address + "/64", "dev", device, "nodad"),
        ("link", "set", device, "up"),
    ):
        reason = ip(*words)
        if reason:
            raise Skip(reason)
    index = socket.if_nametoindex(device)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = scene.socket(socket.AF_INET6, kind)

        def try_bind(sock=sock):
            try:
                sock.bind((address, 0, 0, index))
                return True
            except OSError:
                return False

        settle(try_bind, "the address is usable")
        if kind == socket.SOCK_STREAM:
            sock.listen(16)
            scene.add(describe(sock, "listen", **queue(0, 16)))
        else:
            scene.add(describe(sock, "close"))
    scene.facts.update(device=device, ifindex=index)
