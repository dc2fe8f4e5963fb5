"""Who holds a socket: forks, threads, other programs, other namespaces, nobody."""

import array
import os
import shutil
import socket

from . import native
from .scene import Skip, describe, inode, netns, owner, settle
from .table import factory
from .tcp import listener, queue


def sleeper():
    """A small program that does nothing for long and needs no terminal."""
    path = shutil.which("sleep")
    if not path:
        raise Skip("There is no sleep program")
    return os.path.realpath(path)


def send_socket(channel, fd):
    channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])


def receive_socket(channel):
    _, control, _, _ = channel.recvmsg(1, socket.CMSG_SPACE(4))
    return array.array("i", control[0][2][:4])[0]


def listening(sock, owners, **more):
    return describe(sock, "listen", owners, **dict(queue(0, 16), **more))


@factory("listener shared by a master and the workers it forked")
def forked_listener(scene, workers=4, address="127.0.0.1", port=0):
    sock = listener(scene, address, port)
    owners = [owner(os.getpid(), sock.fileno())]
    pids = [scene.child(lambda _: os.getpid(), [sock.fileno()])[0] for _ in range(workers)]
    owners += [owner(pid, sock.fileno()) for pid in pids]
    scene.add(listening(sock, owners))
    scene.facts.update(master=os.getpid(), workers=pids)


@factory("one listener held by many processes, and twice by the first")
def many_owners(scene, owners=200):
    sock = listener(scene)
    pids = [pid for pid, _ in scene.children([lambda _: os.getpid()] * (owners - 1), [sock.fileno()])]
    second = os.dup(sock.fileno())
    held = [owner(os.getpid(), sock.fileno(), second)] + [owner(pid, sock.fileno()) for pid in pids]
    scene.add(listening(sock, held))


@factory("listener that an unrelated program inherited across exec: python3 ran sh (close=1: and closed it)")
def inherited_listener(scene, address="127.0.0.1", port=0, close=0):
    sock = listener(scene, address, port)
    fd = sock.fileno()
    os.set_inheritable(fd, True)
    # The shell waits for its own child instead of being replaced by it: two more programs hold the descriptor.
    process = scene.program(["sh", "-c", "cat; :"], [fd], stdin=scene.life)
    child = settle(lambda: _child(process.pid, b"cat"), "the shell has started cat")
    held = [owner(process.pid, fd), owner(child, fd)]
    if not close:
        held.insert(0, owner(os.getpid(), fd))
    scene.add(listening(sock, held))
    scene.facts.update(parent=os.getpid(), shell=process.pid, child=child)
    if close:
        sock.close()


def _child(parent, comm):
    """PID of the child with a name, or None."""
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/stat" % name, "rb") as file:
                before, _, after = file.read().rpartition(b") ")
        except OSError:
            continue
        if int(after.split()[1]) == parent and before.partition(b"(")[2] == comm:
            return int(name)
    return None


def _comm(pid):
    with open("/proc/%d/comm" % pid, "rb") as file:
        return file.read()[:-1]


@factory("socket activation: a program started with the listener as descriptor 3, the parent holds it too")
def socket_activation(scene, address="127.0.0.1", port=0):
    sock = listener(scene, address, port)
    process = scene.program(
        [sleeper(), "3600"], move=[(sock.fileno(), 3)], env=dict(os.environ, LISTEN_FDS="1", LISTEN_FDNAMES="web")
    )
    settle(lambda: _comm(process.pid) == b"sleep", "the program runs")
    scene.add(listening(sock, [owner(os.getpid(), sock.fileno()), owner(process.pid, 3)]))
    scene.facts.update(manager=os.getpid(), service=process.pid)


@factory("process whose main thread has ended; another thread keeps the descriptors")
def zombie_leader(scene):
    if not native.can_end_thread():
        raise Skip("The number of exit(2) is not known for this machine")

    def body(report):
        sock = listener(scene)
        pid = os.getpid()

        def ended():
            with open("/proc/%d/stat" % pid, "rb") as file:
                return file.read().rpartition(b") ")[2].startswith(b"Z")

        def other(tid):
            settle(ended, "the main thread has ended")
            return {"tid": tid, "record": listening(sock, [owner(pid, sock.fileno(), tid=tid)])}

        scene.thread(report, other)
        native.end_thread()

    pid, made = scene.child(body)
    scene.add(made["record"])
    scene.facts.update(process=pid, tid=made["tid"])


@factory("thread with a descriptor table of its own, and a listener only in there")
def private_table_thread(scene):
    def body(report):
        shared = listener(scene)

        def other(tid):
            native.unshare(native.CLONE_FILES)
            sock = listener(scene)
            pid = os.getpid()
            # The other table started as a copy of the shared one: it holds the first listener too.
            return {
                "tid": tid,
                "records": [
                    listening(sock, [owner(pid, sock.fileno(), tid=tid)]),
                    listening(shared, [owner(pid, shared.fileno())]),
                ],
            }

        scene.thread(report, other)

    pid, made = scene.child(body)
    scene.add(*made["records"])
    scene.facts.update(process=pid, tid=made["tid"])


@factory("listener in flight: sent over a unix socket, not received, closed by the sender")
def scm_rights(scene):
    sender, receiver = socket.socketpair()
    scene.keep((sender, receiver))
    sock = listener(scene)
    record = listening(sock, [], ownership="kernel")
    send_socket(sender, sock.fileno())
    sock.close()
    scene.add(record)
    scene.facts["carrier"] = [inode(sender.fileno()), inode(receiver.fileno())]


@factory("listener handed to another process over a unix socket (keep=1: the sender keeps it)")
def passed_to_other_process(scene, keep=0, other_netns=0):
    here, there = socket.socketpair()
    number = there.fileno()

    def body(report):
        channel = socket.socket(fileno=os.dup(number))
        if other_netns:
            native.unshare(native.CLONE_NEWNET)
        report({"netns": netns()})
        fd = receive_socket(channel)
        channel.sendmsg([b"%d" % fd])

    pid, made = scene.child(body, [number])
    there.close()
    sock = listener(scene)
    send_socket(here, sock.fileno())
    here.settimeout(10)
    held = [owner(pid, int(here.recv(16)))]
    if keep:
        held.append(owner(os.getpid(), sock.fileno()))
    scene.add(listening(sock, held))
    scene.facts.update(receiver=pid, receiver_netns=made["netns"])
    if not keep:
        sock.close()


@factory("process that moved to another network namespace after it had opened a listener")
def socket_in_other_netns(scene):
    def body(_):
        sock = listener(scene)
        record = listening(sock, None)
        native.unshare(native.CLONE_NEWNET)
        return {"record": record, "netns": netns()}

    pid, made = scene.child(body)
    scene.add(made["record"])
    scene.facts.update(process=pid, process_netns=made["netns"])


# At most 15 bytes each. What they attack: parsers of stat and of ss output, rows, terminals, decoders.
HOSTILE_NAMES = [
    b") R 1 (a [b] c",
    b"two words",
    b"new\nline",
    b"\ntcp LISTEN 0",
    b"\x1b]52;c;ZXZpbA\x07",
    b"a\xe2\x80\xaetxt.exe",
    b"\xff\xfe bad \xc3",
    b'x",pid=1,fd=3',
    b"a\rroot\tb\x7f",
    b"\\n\\x1b[31m",
    b" ",
    b"",
]


@factory("one listener for each of several process names made to mislead")
def named_comm(scene):
    names = []

    def one(name):
        def body(_):
            sock = listener(scene)
            native.prctl(native.PR_SET_NAME, name)
            return listening(sock, None)

        return body

    for name in HOSTILE_NAMES:
        pid, record = scene.child(one(name))
        scene.add(record)
        names.append({"pid": pid, "comm_hex": name.hex()})
    scene.facts["names"] = names


@factory("running program whose file was deleted, holding a listener")
def deleted_exe(scene):
    path = os.path.join(scene.folder(), "gone program")
    shutil.copy2(sleeper(), path)
    sock = listener(scene)
    fd = sock.fileno()
    try:
        process = scene.program([path, "3600"], [fd])
    except PermissionError:
        raise Skip("Programs may not be run from %s" % os.path.dirname(path)) from None
    settle(lambda: os.readlink("/proc/%d/exe" % process.pid) == path, "the copy runs")
    os.unlink(path)
    scene.add(listening(sock, [owner(process.pid, fd)]))
    sock.close()
    scene.facts.update(process=process.pid, exe=path)


@factory("listening process that writes to one log file that exists and one that was deleted")
def deleted_log(scene):
    folder = scene.folder()
    gone, kept = os.path.join(folder, "gone.log"), os.path.join(folder, "kept.log")

    def body(_):
        sock = listener(scene)
        fds = []
        for path in (gone, kept):
            fds.append(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
            os.write(fds[-1], b"started\n")
        os.unlink(gone)
        return {"record": listening(sock, None), "fds": fds}

    pid, made = scene.child(body)
    scene.add(made["record"])
    scene.facts["process"] = pid
    scene.facts["logs"] = [
        {"path": path, "fd": fd, "deleted": path == gone} for path, fd in zip((gone, kept), made["fds"])
    ]
