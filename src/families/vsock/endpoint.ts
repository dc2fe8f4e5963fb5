/**
 * Vsock endpoints: a context ID and a port.
 *
 * @module
 */
import type { VsockEndpoint } from "../../model/socket.ts";
import type { EndpointTraits } from "../family.ts";
import { VMADDR_CID_ANY, VMADDR_CID_HOST, VMADDR_CID_LOCAL } from "./uapi.ts";

const CIDS: Readonly<Record<number, string>> = {
  [VMADDR_CID_ANY]: "*",
  [VMADDR_CID_LOCAL]: "local",
  [VMADDR_CID_HOST]: "host",
};

/** `3:1024`, `host:1024`, `*:*`. */
function text({ cid, port }: VsockEndpoint): string {
  return `${CIDS[cid] ?? cid}:${port === VMADDR_CID_ANY ? "*" : port}`;
}

/** What shared code may ask of a vsock endpoint. */
export const vsockEndpoint: EndpointTraits = {
  text,
  json: ({ cid, port }: VsockEndpoint) => ({ cid, port }),
  rank: ({ port }: VsockEndpoint) => port,
  compare: (a: VsockEndpoint, b: VsockEndpoint) => a.cid - b.cid || a.port - b.port,
};
