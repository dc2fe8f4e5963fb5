/**
 * DNAT rules of the namespace that this thread is in: which ports nftables or iptables forward to which address.
 *
 * @module
 */
import { EINVAL, ENOENT, EOPNOTSUPP, EPERM, SyscallError } from "../../ffi/errno.ts";
import { DecodeError } from "../model/decode_error.ts";
import { Connection, NETLINK_NETFILTER, type NetlinkSocket } from "../netlink/connection.ts";
import { NetlinkError } from "../netlink/error.ts";
import type { ProcRoot } from "../proc/root.ts";
import { readLocalPortRange } from "../proc/sysctl.ts";
import type { DnatRule } from "./nat_rule.ts";
import { type NftablesRules, readNftables } from "./nftables.ts";
import { followXtTable, readXtTable, type XtTable } from "./xtables.ts";
import { latin1Text } from "../text/encoding.ts";

/** The rules of a namespace. */
export interface DnatRules {
  readonly rules: readonly DnatRule[];
  /** False if there are rules that this program does not understand or may not read. */
  readonly complete: boolean;
}

/** How to ask the kernel; tests replace it. */
interface DnatAccess {
  open(): NetlinkSocket;
  table(v6: boolean): XtTable | null;
}

/** What a kernel without nftables answers, which has no such rules: it does not know the request. */
const NO_NFTABLES: readonly number[] = [EINVAL, ENOENT, EOPNOTSUPP];

/** This machine. */
export const LIVE_RULES: DnatAccess = {
  open: () => new Connection(NETLINK_NETFILTER),
  table: readXtTable,
};

/**
 * Reads the rules that apply to packets from outside; `null` without CAP_NET_ADMIN, unless there can be none.
 *
 * With `ports`, those about other ports are left out, and most of a large table is not looked into. The kernel sends 20,000 rules
 * in a quarter of a second; the number of paths through them that are followed is bounded.
 */
export function readDnatRules(
  root: ProcRoot,
  access = LIVE_RULES,
  ports: readonly number[] | null = null,
): DnatRules | null {
  const nftables = fromNftables(access, ports);
  if (nftables === null) return lacksConntrack(root) ? { rules: [], complete: true } : null;
  const rules = [...nftables.rules];
  let { complete } = nftables;
  // The older iptables keeps its rules elsewhere. Asking for a table that does not exist would make the kernel create it.
  for (const v6 of [false, true]) {
    const names = root.readNet(v6 ? "ip6_tables_names" : "ip_tables_names");
    if (typeof names === "number") {
      // Without the module there is no file.
      if (names !== -ENOENT) complete = false;
      continue;
    }
    if (!latin1Text(names).split("\n").includes("nat")) continue;
    try {
      const table = access.table(v6);
      const found = table === null ? null : followXtTable(table, ports);
      rules.push(...found?.rules ?? []);
      complete &&= found?.complete ?? false;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      complete = false;
    }
  }
  return { rules, complete };
}

/**
 * True if the kernel tracks no connections, without which it changes no destination: its module is not loaded. Every user may
 * see that. In a network namespace of another user namespace the settings may be missing without meaning anything.
 */
function lacksConntrack(root: ProcRoot): boolean {
  const isMissing = (path: string) => root.read(path, 1) === -ENOENT;
  return isMissing("sys/net/netfilter/nf_conntrack_max") &&
    readLocalPortRange(root) !== null &&
    root.readNet("nf_conntrack") === -ENOENT &&
    /^\s*0\s+0\s+4294967295\s*$/.test(root.text("self/uid_map") ?? "");
}

function fromNftables(
  access: DnatAccess,
  ports: readonly number[] | null,
): NftablesRules | null {
  let transport: NetlinkSocket | undefined;
  try {
    transport = access.open();
    return readNftables(transport, ports);
  } catch (error) {
    if (error instanceof NetlinkError) {
      if (error.errno === EPERM) return null;
      return { rules: [], complete: NO_NFTABLES.includes(error.errno) };
    }
    if (error instanceof SyscallError || error instanceof DecodeError) {
      return { rules: [], complete: false };
    }
    throw error;
  } finally {
    transport?.close();
  }
}
