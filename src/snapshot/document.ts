/**
 * SnapshotDocument: what `--json` prints, as types. Audits and comparisons work on it instead of the model, so that they treat
 * this host and a file from another host alike.
 *
 * @module
 */
import type { FlatGap } from "../model/gap.ts";
import type { Manager, Ownership } from "../model/owner.ts";
import type { PortRange } from "../model/port_range.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { FamilyName, Scope, Transport } from "../model/socket.ts";
import type { State } from "../model/state.ts";
import { headerJson, socketJson } from "../views/json.ts";
import type { Writer } from "../text/writer.ts";
import { jsonText } from "../text/json_text.ts";

/** The machine, as in the JSON. Every file of version 1 has `netns` and `ephemeral_ports`, but they may be `null`. */
export interface HostDocument {
  readonly name: string;
  readonly boot_id: string | null;
  readonly kernel: string;
  readonly netns: number | null;
  readonly ephemeral_ports: PortRange | null;
}

/** A gap, as in the JSON. Further keys depend on the kind. */
export type GapDocument = FlatGap;

/** One end of a socket. Internet sockets have an address and a port; other families have keys of their own. */
interface EndpointDocument {
  readonly address?: string | null;
  readonly port?: number | null;
  readonly interface?: string | null;
  /** Unix sockets: the path in the file system. */
  readonly path?: string | null;
  /** Unix sockets: the abstract name, without the NUL. */
  readonly name?: string | null;
  /** Unix sockets: the file system of the file that bind(2) made, as `MAJOR:MINOR`, and the file's inode there. */
  readonly device?: string | null;
  readonly file_inode?: number | null;
  /** Unix sockets: where this host's own view shows that file; `null` if nowhere. Absent where it was not found out. */
  readonly host_path?: string | null;
  /** Unix sockets: permissions of the path in octal: `0666`. */
  readonly mode?: string;
  /** Unix sockets: true if every user may connect, judged by the permissions of the path and of its folders. */
  readonly open_to_others?: boolean;
  readonly [key: string]: unknown;
}

/** A process that owns a socket, as in the JSON. */
export interface OwnerDocument {
  readonly pid: number;
  readonly fds: readonly number[];
  readonly comm: string | null;
  readonly exe: string | null;
  readonly exe_deleted: boolean | null;
  readonly cmdline: readonly string[] | null;
  readonly ppid: number | null;
  readonly uid: number | null;
  readonly user: string | null;
  readonly start_time: string | null;
  readonly unit: string | null;
  /** Who chose the names of unit and container. Absent in snapshots of earlier versions. */
  readonly unit_manager?: Manager | null;
  readonly container_manager?: Manager | null;
  /** Files about the process that could not be read, with the error. Absent: none. */
  readonly unread?: Readonly<Record<string, string>>;
  /** Whether the program is the file that its host has at this path; `null` if not known. Absent where it was not compared. */
  readonly exe_is_host_file?: boolean | null;
  readonly container: {
    readonly id: string;
    readonly runtime: string | null;
    readonly name: string | null;
    readonly image?: string | null;
  } | null;
}

/** A socket, as in the JSON. */
export interface SocketDocument {
  readonly netns: { readonly inode: number; readonly name: string | null } | null;
  readonly family: FamilyName;
  readonly transport: Transport;
  readonly protocol: number | null;
  readonly state: State;
  readonly local: EndpointDocument;
  readonly peer: EndpointDocument | null;
  readonly v6only: boolean | null;
  readonly uid: number | null;
  readonly inode: number | null;
  readonly accept_queue: { readonly length: number; readonly limit: number | null } | null;
  /** UDP sockets. Absent in snapshots of earlier versions, and in listings. */
  readonly receive_buffer?: { readonly length: number; readonly limit: number | null } | null;
  readonly drops?: number | null;
  readonly ownership: Ownership;
  readonly owners: readonly OwnerDocument[];
  readonly reach: { readonly scope: Scope; readonly reasons: readonly string[] };
}

/** A snapshot, as in the JSON. */
export interface SnapshotDocument {
  readonly schema: string;
  readonly host: HostDocument;
  readonly taken_at: string;
  readonly complete: boolean;
  readonly gaps: readonly GapDocument[];
  readonly sockets: readonly SocketDocument[];
}

/** The document that `--json` would print of this snapshot. */
export function toDocument(snapshot: Snapshot): SnapshotDocument {
  // The views return untyped records. The schema and its tests ensure that they have these keys.
  const header = headerJson(snapshot) as unknown as Omit<SnapshotDocument, "sockets">;
  return { ...header, sockets: snapshot.sockets.map(socketJson) as unknown as SocketDocument[] };
}

/** Writes a document with one socket per line. Throws what the writer throws. */
export function writeDocument({ sockets, ...header }: SnapshotDocument, writer: Writer): void {
  writer.write(`${jsonText(header).slice(0, -1)},"sockets":[`);
  for (const [i, socket] of sockets.entries()) {
    writer.write(`${i === 0 ? "" : ","}\n${jsonText(socket)}`);
  }
  writer.write("\n]}\n");
}
