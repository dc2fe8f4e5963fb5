"""Asks this kernel's IPVS for its services and servers as sockeye does, and prints what is asked and answered, in hex, as JSON.

Each exchange is {"request": HEX, "replies": [HEX, ...]}; sequence numbers and port IDs are 0. What `ipvsadm` has set up in this
network namespace makes test/fixtures/ipvs.json.
"""

import json
import socket
import struct

NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
GET_SERVICE, GET_DEST = 4, 8
KEY = (1, 2, 3, 4, 5)  # What names a service: IPVS_SVC_ATTR_AF, PROTOCOL, ADDR, PORT, FWMARK

kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
kernel.bind((0, 0))


def messages(data):
    while data:
        length, kind = struct.unpack_from("=IH", data)
        yield kind, data[:length]
        data = data[(length + 3) & ~3:]


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def attribute(kind, value):
    return (struct.pack("=HH", 4 + len(value), kind) + value).ljust((4 + len(value) + 3) & ~3, b"\0")


def nameless(message):
    """Without sequence number and port ID."""
    return message[:8] + bytes(8) + message[16:]


def ask(family, command, version, body=b""):
    request = struct.pack("=IHHIIBBH", 20 + len(body), family, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, command, version, 0) + body
    kernel.send(request)
    replies, done = [], False
    while not done:
        for kind, message in messages(kernel.recv(1 << 16)):
            replies.append(message)
            done = done or kind in (NLMSG_ERROR, NLMSG_DONE)
    exchange = {"request": nameless(request).hex(), "replies": [nameless(reply).hex() for reply in replies]}
    return exchange, [dict(attributes(reply[20:])) for reply in replies[:-1]]


def main():
    exchange, families = ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 2)
    exchanges = [exchange]
    ipvs = next(struct.unpack("=H", one[1])[0] for one in families if one[2] == b"IPVS\0")
    exchange, services = ask(ipvs, GET_SERVICE, 1)
    exchanges.append(exchange)
    for service in services:
        key = b"".join(attribute(kind, value) for kind, value in attributes(service[1]) if kind in KEY)
        # With the flag of a nest.
        exchanges.append(ask(ipvs, GET_DEST, 1, attribute(0x8001, key))[0])
    with open("/proc/net/ip_vs", encoding="ascii") as table:
        print(json.dumps({"exchanges": exchanges, "table": table.read()}))


main()
