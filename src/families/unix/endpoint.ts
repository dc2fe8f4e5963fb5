/**
 * Unix endpoints: a path, an abstract name, or only an inode.
 *
 * @module
 */
import type { Bytes } from "../../model/owner.ts";
import type { UnixEndpoint } from "../../model/socket.ts";
import type { ByteWriter } from "../../text/byte_writer.ts";
import type { EndpointTraits } from "../family.ts";
import { compareBytes } from "../order.ts";

const AT = 0x40;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** The path, or `@` and the abstract name with `@` for each NUL in it, or `[inode]` for an unnamed socket. */
function text({ path, name, inode }: UnixEndpoint): Bytes | string {
  if (path !== null) return path;
  if (name === null) return inode === null ? "" : `[${inode}]`;
  const bytes = new Uint8Array(name.length + 1);
  bytes[0] = AT;
  for (let i = 0; i < name.length; i++) bytes[i + 1] = name[i] === 0 ? AT : name[i]!;
  return bytes;
}

function write({ path, name, inode }: UnixEndpoint, out: ByteWriter): void {
  if (path !== null) out.bytes(path);
  else if (name !== null) {
    out.byte(AT);
    for (const byte of name) out.byte(byte === 0 ? AT : byte);
  } else if (inode !== null) {
    out.byte(OPEN);
    out.decimal(inode);
    out.byte(CLOSE);
  }
}

/** What shared code may ask of a unix endpoint. */
export const unixEndpoint: EndpointTraits = {
  text,
  write,
  json: ({ path, name, inode, file }: UnixEndpoint) => ({
    path,
    name,
    inode,
    ...(file === undefined ? {} : {
      device: file === null ? null : `${file.major}:${file.minor}`,
      file_inode: file === null ? null : file.inode,
    }),
  }),
  rank: () => 0,
  number: ({ path, name, inode }: UnixEndpoint) => path === null && name === null ? inode ?? 0 : 0,
  // Paths, then abstract names, then the unnamed by inode.
  compare: (a: UnixEndpoint, b: UnixEndpoint) =>
    compareBytes(a.path, b.path) || compareBytes(a.name, b.name) ||
    (a.inode ?? 0) - (b.inode ?? 0),
};
