"""Prints the IDs of all BPF programs in the kernel whose names begin with sockeye_, with the names.

With a command as arguments it runs that instead, while the kernel keeps statistics of programs, and prints a line `NAME RUNS NS`
for each that ran meanwhile.
"""
import ctypes, os, platform, struct, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
NUMBER = 280 if platform.machine() == "aarch64" else 321


def bpf(command, attribute):
    buffer = ctypes.create_string_buffer(attribute, len(attribute))
    result = libc.syscall(NUMBER, command, buffer, len(attribute))
    return result, buffer.raw


def programs():
    """Number, name, nanoseconds and runs of each."""
    last = 0
    while True:
        result, raw = bpf(11, struct.pack("<III", last, 0, 0) + bytes(20))
        if result < 0:
            return
        (last,) = struct.unpack_from("<I", raw, 4)
        fd, _ = bpf(13, struct.pack("<I", last) + bytes(28))
        if fd < 0:
            continue
        info = ctypes.create_string_buffer(232)
        bpf(15, struct.pack("<IIQ", fd, 232, ctypes.addressof(info)) + bytes(16))
        os.close(fd)
        name = info.raw[64:80].split(b"\0")[0].decode()
        if name.startswith("sockeye_"):
            yield last, name, *struct.unpack_from("<QQ", info.raw, 192)


if len(sys.argv) == 1:
    for number, name, _, _ in programs():
        print(number, name)
else:
    statistics, _ = bpf(32, bytes(32))
    before = {number: (ns, runs) for number, _, ns, runs in programs()}
    subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
    for number, name, ns, runs in programs():
        ns0, runs0 = before.get(number, (0, 0))
        if runs > runs0:
            print(name, runs - runs0, ns - ns0)
