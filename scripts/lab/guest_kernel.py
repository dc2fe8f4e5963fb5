"""Makes a kernel ready for qemu: guest_kernel.py VMLINUZ FILE. Newer ones for arm64 unpack themselves, which takes a firmware."""

import gzip
import shutil
import struct
import subprocess
import sys

SOURCE, TARGET = sys.argv[1:]
PROGRAMS = {b"zstd": "zstd", b"zstd22": "zstd", b"xzkern": "xz", b"lzma": "lzma"}

with open(SOURCE, "rb") as file:
    data = file.read()
# Kernel: drivers/firmware/efi/libstub/zboot-header.S: "zimg" 4, where it begins u32 8, how long u32 12, how it is packed 24.
if data[4:8] == b"zimg":
    start, size = struct.unpack_from("<II", data, 8)
    packed, how = data[start:start + size], data[24:56].split(b"\0")[0]
    with open(TARGET, "wb") as file:
        if how == b"gzip":
            file.write(gzip.decompress(packed))
        else:
            subprocess.run([PROGRAMS[how], "-dc"], input=packed, stdout=file, check=True)
else:
    shutil.copyfile(SOURCE, TARGET)
