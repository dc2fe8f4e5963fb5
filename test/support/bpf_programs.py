"""Prints the IDs of all BPF programs in the kernel whose names begin with sockeye_, with the names."""
import ctypes, struct, platform

libc = ctypes.CDLL(None, use_errno=True)
NUMBER = 280 if platform.machine() == "aarch64" else 321


def bpf(command, attribute):
    buffer = ctypes.create_string_buffer(attribute, len(attribute))
    result = libc.syscall(NUMBER, command, buffer, len(attribute))
    return result, buffer.raw


import os

last = 0
while True:
    result, raw = bpf(11, struct.pack("<III", last, 0, 0) + bytes(20))
    if result < 0:
        break
    (last,) = struct.unpack_from("<I", raw, 4)
    fd, _ = bpf(13, struct.pack("<I", last) + bytes(28))
    if fd < 0:
        continue
    info = ctypes.create_string_buffer(232)
    bpf(15, struct.pack("<IIQ", fd, 232, ctypes.addressof(info)) + bytes(16))
    os.close(fd)
    name = info.raw[64:80].split(b"\0")[0].decode()
    if name.startswith("sockeye_"):
        print(last, name)
