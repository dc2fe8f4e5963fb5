/**
 * UnixMessage: one unix_diag_msg, read in place.
 *
 * @module
 */
import type { Bytes } from "../../model/owner.ts";
import type { FileIdentity } from "../../model/socket.ts";
import { DiagMessage } from "../diag_message.ts";
import {
  MSG_COOKIE,
  MSG_INO,
  MSG_STATE,
  MSG_TYPE,
  UNIX_DIAG_ICONS,
  UNIX_DIAG_MAX,
  UNIX_DIAG_MSG_SIZE,
  UNIX_DIAG_NAME,
  UNIX_DIAG_PEER,
  UNIX_DIAG_VFS,
  UNIX_DIAG_VFS_SIZE,
} from "./uapi.ts";

/** A cursor over unix_diag_msg. */
export class UnixMessage extends DiagMessage {
  constructor() {
    super("unix_diag_msg", UNIX_DIAG_MSG_SIZE, UNIX_DIAG_MAX);
  }

  /** SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET. Kernel: `udiag_type`. */
  get type(): number {
    return this.view.getUint8(this.start + MSG_TYPE);
  }

  /** A TCP state: LISTEN, ESTABLISHED or CLOSE. Kernel: `udiag_state`. */
  get state(): number {
    return this.view.getUint8(this.start + MSG_STATE);
  }

  /** 0 while nobody has accepted the connection. Kernel: `udiag_ino`. */
  get inode(): number {
    return this.view.getUint32(this.start + MSG_INO, true);
  }

  /** Kernel: `udiag_cookie`. In a message made of a line of /proc: the kernel's pointer as told there. */
  get cookie(): number | bigint | null {
    return this.cookieAt(MSG_COOKIE);
  }

  /** Inode of the other end, 0 while nobody has accepted it; -1 where there is none. Kernel: `UNIX_DIAG_PEER`. */
  get peerInode(): number {
    return this.u32Attribute(UNIX_DIAG_PEER);
  }

  /** Inodes of those whose connection to this listener waits. Kernel: `UNIX_DIAG_ICONS`. */
  get waitingInodes(): number[] {
    const inodes: number[] = [];
    const count = Math.max(0, this.attributeLength(UNIX_DIAG_ICONS)) >>> 2;
    for (let i = 0; i < count; i++) inodes.push(this.u32Attribute(UNIX_DIAG_ICONS, i));
    return inodes;
  }

  /** The file that bind(2) made; `null` for a socket without one. Kernel: `UNIX_DIAG_VFS`. */
  get file(): FileIdentity | null {
    if (this.attributeLength(UNIX_DIAG_VFS) < UNIX_DIAG_VFS_SIZE) return null;
    const inode = this.u32Attribute(UNIX_DIAG_VFS) >>> 0;
    const device = this.u32Attribute(UNIX_DIAG_VFS, 1) >>> 0;
    return { major: device >>> 20, minor: device & 0xf_ffff, inode };
  }

  /** Path as bound, `null` where the name is abstract or missing. */
  get path(): Bytes | null {
    if (this.u8Attribute(UNIX_DIAG_NAME) <= 0) return null;
    const bytes = this.bytesAttribute(UNIX_DIAG_NAME)!;
    // The length includes the NUL at the end.
    const end = bytes.indexOf(0);
    // A copy, because a part would keep a buffer of its own beside it, and there may be very many.
    return end < 0 ? bytes : bytes.slice(0, end);
  }

  /** Abstract name without the NUL before it, `null` where the name is a path or missing. */
  get abstractName(): Bytes | null {
    return this.u8Attribute(UNIX_DIAG_NAME) === 0
      ? this.bytesAttribute(UNIX_DIAG_NAME)!.slice(1)
      : null;
  }
}
