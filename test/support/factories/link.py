"""Sockets below and beside IP: packet, netlink, vsock."""

import os
import socket
import struct

from . import native
from .scene import AF_VSOCK, Skip, describe, inode, owner
from .table import factory

ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
SOL_PACKET = 263
PACKET_RX_RING = 5
RTMGRP_LINK = 1


def packet(scene, kind, ethertype):
    sock = scene.socket(socket.AF_PACKET, kind, socket.htons(ethertype))
    sock.bind(("lo", ethertype))
    return sock, {"ethertype": ethertype, "local": {"interface": "lo", "ifindex": socket.if_nametoindex("lo")}}


@factory("raw packet socket for everything on lo")
def packet_raw(scene):
    sock, facts = packet(scene, socket.SOCK_RAW, ETH_P_ALL)
    scene.add(describe(sock, "close", **facts))


@factory("cooked packet socket for IPv4 on lo")
def packet_dgram(scene):
    sock, facts = packet(scene, socket.SOCK_DGRAM, ETH_P_IP)
    scene.add(describe(sock, "close", **facts))


@factory("packet socket whose ring is mapped while its descriptor is closed")
def packet_ring(scene):
    sock, facts = packet(scene, socket.SOCK_RAW, ETH_P_ALL)
    size, count = os.sysconf("SC_PAGE_SIZE"), 4
    # struct tpacket_req { tp_block_size, tp_block_nr, tp_frame_size, tp_frame_nr }
    sock.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("=4I", size, count, size // 2, count * 2))
    address = native.map_shared(sock.fileno(), size * count)
    scene.add(describe(sock, "close", [owner(os.getpid())], mapped=True, **facts))
    sock.close()
    scene.facts.update(address=address, length=size * count)


@factory("netlink route socket that listens to link events")
def netlink_route(scene):
    sock = scene.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sock.bind((0, RTMGRP_LINK))
    port_id, groups = sock.getsockname()
    scene.add(describe(sock, "close", transport="netlink", protocol=0, local={"port_id": port_id, "groups": groups}))


@factory("vsock listener")
def vsock(scene, port=0xFFFFFFFF):
    try:
        sock = scene.socket(AF_VSOCK, socket.SOCK_STREAM)
        sock.bind((0xFFFFFFFF, port))
    except OSError as error:
        raise Skip("vsock: %s" % error.strerror) from None
    sock.listen(16)
    cid, number = sock.getsockname()
    scene.add(describe(sock, "listen", local={"cid": cid, "port": number}))
    scene.facts["inode"] = inode(sock.fileno())
