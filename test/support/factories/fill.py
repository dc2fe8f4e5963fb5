"""Very many established TCP connections, for the benches."""

import resource
import socket
import struct
import time

# Descriptors a worker needs besides the connections.
RESERVED = 64
# Connections to one listener: the ephemeral range has 28,232 ports, and the kernel searches long once half are taken.
PER_LISTENER = 5000
BATCH = 64


def address_of(number):
    """Distinct loopback addresses, 127.1.0.1 and on: each gives a full range of ports."""
    return "127.%d.%d.%d" % (1 + number // 64000, number // 250 % 256, 1 + number % 250)


def raise_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def fill_worker(pairs, first_address):
    """Opens pairs of connected sockets; returns how many, how many listeners, and what stopped it, if anything did."""
    opened = listeners = 0
    # A reset at the end, so that a million TIME-WAITs do not outlive the bench.
    linger = struct.pack("ii", 1, 0)
    try:
        while opened < pairs:
            server = socket.socket()
            # What is accepted inherits it.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            server.bind((address_of(first_address + listeners), 0))
            server.listen(BATCH * 2)
            target = server.getsockname()
            listeners += 1
            goal = min(pairs, opened + PER_LISTENER)
            while opened < goal:
                batch = min(BATCH, goal - opened)
                for _ in range(batch):
                    client = socket.socket()
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    client.connect(target)
                    # Plain numbers: the objects would cost more memory here than the sockets do in the kernel.
                    client.detach()
                for _ in range(batch):
                    server.accept()[0].detach()
                opened += batch
            server.close()
    except OSError as error:
        return {"pairs": opened, "listeners": listeners, "stopped": str(error)}
    return {"pairs": opened, "listeners": listeners, "stopped": None}


def fill(scene, count, processes):
    """The connections, spread evenly; more processes than asked for when one may not hold that many."""
    limit = raise_limit()
    room = limit - RESERVED
    pairs = count // 2
    processes = max(1, processes, -(-pairs * 2 // room))
    started = time.monotonic()
    shares = [pairs // processes + (1 if i < pairs % processes else 0) for i in range(processes)]
    step = max(1, -(-max(shares) // PER_LISTENER))
    results = scene.children([(lambda _, i=i: fill_worker(shares[i], i * step)) for i in range(processes)])
    scene.facts.update(
        asked=count,
        established=2 * sum(report["pairs"] for _, report in results),
        processes=[pid for pid, _ in results],
        descriptor_limit=limit,
        stopped=next((report["stopped"] for _, report in results if report["stopped"]), None),
        seconds=round(time.monotonic() - started, 3),
    )
