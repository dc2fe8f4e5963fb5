"""TCP: listeners, pairs and every state that can be had reliably."""

import fcntl
import socket
import struct
import time

from .scene import Skip, describe, settle, tcp_state, unowned
from .table import factory

TCP_DEFER_ACCEPT = 9
MPTCP = 262


def need_ipv6():
    try:
        with open("/proc/sys/net/ipv6/conf/lo/disable_ipv6") as setting:
            disabled = setting.read().strip() == "1"
    except FileNotFoundError:
        disabled = True
    if disabled:
        raise Skip("IPv6 is disabled")


def listener(scene, address="127.0.0.1", port=0, backlog=16, family=socket.AF_INET, v6only=None, protocol=0):
    sock = scene.socket(family, socket.SOCK_STREAM, protocol)
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def queue(length, limit):
    return {"accept_queue": {"length": length, "limit": limit}}


def pair(scene, family=socket.AF_INET, address="127.0.0.1", target=None, buffers=None, protocol=0):
    """A connection: (the side that connected, the side that was accepted). The listener is gone."""
    server = listener(scene, address, family=family, v6only=None if family == socket.AF_INET else 0, protocol=protocol)
    client = scene.socket(family, socket.SOCK_STREAM, protocol)
    if buffers:
        for sock in (server, client):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
    client.connect((target or address, server.getsockname()[1]))
    accepted = scene.keep(server.accept()[0])
    server.close()
    return client, accepted


def stuff(sock):
    """Sends until neither the peer nor the own buffer takes more: whatever comes next has to wait."""
    sock.setblocking(False)
    stalls = 0
    while stalls < 3:
        try:
            sock.send(b"x" * 65536)
            stalls = 0
        except BlockingIOError:
            stalls += 1
            time.sleep(0.02)


def reach(record, state):
    """Waits for the kernel to show a connection in a state; returns its record in that state."""
    settle(lambda: tcp_state(record["local"], record["peer"]) == state, "state %s" % state)
    return dict(record, state=state)


@factory("IPv4 TCP listener")
def tcp_listen(scene, address="127.0.0.1", port=0, backlog=16):
    sock = listener(scene, address, port, backlog)
    scene.add(describe(sock, "listen", **queue(0, backlog)))


@factory("IPv6 TCP listener that takes no IPv4")
def tcp_listen6_v6only(scene, address="::", port=0, backlog=16):
    need_ipv6()
    sock = listener(scene, address, port, backlog, socket.AF_INET6, 1)
    scene.add(describe(sock, "listen", **queue(0, backlog)))


@factory("IPv6 TCP listener that takes IPv4 too")
def tcp_listen_dual(scene, address="::", port=0, backlog=16):
    need_ipv6()
    sock = listener(scene, address, port, backlog, socket.AF_INET6, 0)
    scene.add(describe(sock, "listen", **queue(0, backlog)))


@factory("established IPv4 TCP connection, both ends here")
def tcp_pair(scene, address="127.0.0.1"):
    scene.add(*(describe(sock, "established") for sock in pair(scene, address=address)))


@factory("established IPv6 TCP connection, both ends here")
def tcp6_pair(scene, address="::1"):
    need_ipv6()
    scene.add(*(describe(sock, "established") for sock in pair(scene, socket.AF_INET6, address)))


@factory("TCP connection over IPv4 between two IPv6 sockets")
def tcp_mapped_pair(scene):
    need_ipv6()
    ends = pair(scene, socket.AF_INET6, "::", "::ffff:127.0.0.1")
    scene.add(*(describe(sock, "established") for sock in ends))


@factory("listener whose connections nobody has accepted")
def unaccepted(scene, count=3, backlog=16):
    server = listener(scene, backlog=backlog)
    clients = []
    for _ in range(count):
        client = scene.socket()
        client.connect(server.getsockname())
        clients.append(describe(client, "established"))
    scene.add(describe(server, "listen", **queue(count, backlog)), *clients)
    for client in clients:
        waiting = unowned(client, "established", "unaccepted")
        waiting.update(local=client["peer"], peer=client["local"], cookie=None)
        scene.add(reach(waiting, "established"))


@factory("connection closed by both ends; one end stays in TIME-WAIT")
def time_wait(scene):
    first, second = pair(scene)
    record = describe(first, "established")
    first.close()
    second.close()
    scene.add(dict(reach(unowned(record, "time_wait", "time_wait"), "time_wait"), uid=None))


@factory("one end has shut down: FIN-WAIT-2 here, CLOSE-WAIT there, both still held")
def fin_wait_close_wait(scene):
    first, second = pair(scene)
    first.shutdown(socket.SHUT_WR)
    scene.add(reach(describe(first, "fin_wait_2"), "fin_wait_2"))
    scene.add(reach(describe(second, "close_wait"), "close_wait"))


@factory("FIN waits behind data the peer does not read: FIN-WAIT-1, held")
def fin_wait_1(scene):
    first, second = pair(scene, buffers=8192)
    stuff(first)
    first.shutdown(socket.SHUT_WR)
    scene.add(reach(describe(first, "fin_wait_1"), "fin_wait_1"))
    scene.add(reach(describe(second, "established"), "established"))


@factory("the second FIN waits behind data: LAST-ACK here, FIN-WAIT-2 there, both held")
def last_ack(scene):
    first, second = pair(scene, buffers=8192)
    first.shutdown(socket.SHUT_WR)
    reach(describe(second, "close_wait"), "close_wait")
    stuff(second)
    second.shutdown(socket.SHUT_WR)
    scene.add(reach(describe(second, "last_ack"), "last_ack"))
    scene.add(reach(describe(first, "fin_wait_2"), "fin_wait_2"))


@factory("FINs crossed, one is stuck behind data: CLOSING here, FIN-WAIT-2 there, both held")
def closing(scene):
    first, second = pair(scene, buffers=8192)
    stuff(first)
    first.shutdown(socket.SHUT_WR)
    second.shutdown(socket.SHUT_WR)
    scene.add(reach(describe(first, "closing"), "closing"))
    scene.add(reach(describe(second, "fin_wait_2"), "fin_wait_2"))


@factory("closed with data unsent: the kernel keeps a FIN-WAIT-1 that no process holds")
def orphan(scene):
    first, second = pair(scene, buffers=8192)
    stuff(first)
    record = describe(first, "established")
    first.close()
    scene.add(reach(unowned(record, "fin_wait_1", "orphan"), "fin_wait_1"))
    scene.add(describe(second, "established"))


@factory("closed while the peer stays: FIN-WAIT-2 without a process, CLOSE-WAIT held")
def half_closed(scene):
    first, second = pair(scene)
    record = describe(first, "established")
    first.close()
    # The kernel keeps this as a TIME-WAIT entry in state FIN-WAIT-2 when tcp_fin_timeout is a minute or less.
    scene.add(dict(reach(unowned(record, "fin_wait_2", "orphan"), "fin_wait_2"), uid=None))
    scene.add(reach(describe(second, "close_wait"), "close_wait"))


@factory("connect() to a listener whose queue is full: SYN-SENT")
def syn_sent(scene):
    # A queue of limit 0 takes one connection; after that the kernel drops SYNs, also over loopback.
    server = listener(scene, backlog=0)
    first = scene.socket()
    first.connect(server.getsockname())
    waiting = scene.socket()
    waiting.setblocking(False)
    waiting.connect_ex(server.getsockname())
    name = server.getsockname()
    record = describe(waiting, "syn_sent", peer={"address": name[0], "port": name[1], "interface": None})
    scene.add(reach(record, "syn_sent"), describe(first, "established"))
    scene.add(describe(server, "listen", **queue(1, 0)))


@factory("TCP_DEFER_ACCEPT keeps the request: SYN-RECV without inode at the listener")
def syn_recv(scene):
    server = listener(scene)
    server.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 60)
    client = scene.socket()
    client.connect(server.getsockname())
    record = describe(client, "established")
    waiting = unowned(record, "syn_recv", "unaccepted")
    waiting.update(local=record["peer"], peer=record["local"], cookie=None, uid=None)
    scene.add(describe(server, "listen", **queue(0, 16)), record, reach(waiting, "syn_recv"))


@factory("TCP socket with an address that neither listens nor connects")
def bound_inactive(scene, address="127.0.0.1", port=0):
    sock = scene.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.bind((address, port))
    scene.add(describe(sock, "bound_inactive"))


@factory("several sockets listening on one port (SO_REUSEPORT), one process each")
def reuseport(scene, count=3, address="127.0.0.1", port=0):
    def one(number):
        def body(_):
            sock = scene.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((address, number))
            sock.listen(16)
            return describe(sock, "listen", **queue(0, 16))

        return body

    for _ in range(count):
        _, record = scene.child(one(port))
        port = record["local"]["port"]
        scene.add(record)
    scene.facts["port"] = port


@factory("TCP listener and UDP socket bound to one network device")
def bound_to_device(scene, device="lo", address="0.0.0.0"):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = scene.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        sock.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            sock.listen(16)
            scene.add(describe(sock, "listen", **queue(0, 16)))
        else:
            scene.add(describe(sock, "close"))


@factory("MPTCP listener and connection; each has a TCP subflow with the same inode")
def mptcp(scene):
    server = listener(scene, protocol=MPTCP)
    client = scene.socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP)
    client.connect(server.getsockname())
    accepted = scene.keep(socket.socket(fileno=server.accept()[0].detach()))
    scene.add(describe(server, "listen"), describe(client, "established"), describe(accepted, "established"))


@factory("connection with data that nobody reads and data that cannot leave")
def queues(scene):
    first, second = pair(scene, buffers=8192)
    first.send(b"y" * 1000)
    stuff(second)
    unsent = struct.unpack("i", fcntl.ioctl(second, 0x5411, bytes(4)))[0]  # SIOCOUTQ
    unread = struct.unpack("i", fcntl.ioctl(second, 0x541B, bytes(4)))[0]  # SIOCINQ
    scene.add(describe(first, "established"))
    scene.add(describe(second, "established", recv_queue=unread, send_queue=unsent))
