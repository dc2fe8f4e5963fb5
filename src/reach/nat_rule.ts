/**
 * Rules that send packets to another address, and their conditions, independent of the language they were written in.
 *
 * @module
 */
import { hasPort, type PortRange } from "../model/port_range.ts";

/** Conditions that a packet must meet, collected along the chain of rules. */
export interface Conditions {
  /** `null`: any. */
  readonly protocol: "tcp" | "udp" | null;
  /** Destination address; `null`: any. */
  readonly address: string | null;
  /** Destination ports; `null`: any. */
  readonly ports: readonly PortRange[] | null;
  /** True if there are further conditions: a source, an interface, a mark, or something this program does not understand. */
  readonly more: boolean;
}

/** A rule that sends packets to another address. */
export interface DnatRule extends Conditions {
  readonly via: "nftables" | "iptables";
  /** `null`: the machine itself, as REDIRECT does. */
  readonly toAddress: string | null;
  /** `null`: the port is not changed. */
  readonly toPort: number | null;
}

export const ANY_PACKET: Conditions = { protocol: null, address: null, ports: null, more: false };

/** Where a rule sends the packets that meet its conditions. */
export type Outcome =
  | { readonly kind: "dnat"; readonly address: string | null; readonly port: number | null }
  /** On to another chain. For iptables its name is an offset. */
  | { readonly kind: "jump"; readonly chain: string }
  /** To a destination that this program cannot tell, such as one from a map. */
  | { readonly kind: "opaque" };

/** One rule. Its outcome is `null` if it does not change the destination. */
export interface ChainRule {
  readonly conditions: Conditions;
  readonly outcome: Outcome | null;
}

/** Both conditions at once; `null` if no packet can meet both. */
export function both(a: Conditions, b: Conditions): Conditions | null {
  if (a.protocol !== null && b.protocol !== null && a.protocol !== b.protocol) return null;
  if (a.address !== null && b.address !== null && a.address !== b.address) return null;
  const ports = a.ports === null ? b.ports : b.ports === null ? a.ports : overlap(a.ports, b.ports);
  if (ports !== null && ports.length === 0) return null;
  return {
    protocol: a.protocol ?? b.protocol,
    address: a.address ?? b.address,
    ports,
    more: a.more || b.more,
  };
}

function overlap(some: readonly PortRange[], others: readonly PortRange[]): PortRange[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const first = Math.max(one.first, other.first);
      const last = Math.min(one.last, other.last);
      return first <= last ? [{ first, last }] : [];
    })
  );
}

/** Following stops after so many steps, because the number of paths through chains can grow exponentially. */
const MAX_STEPS = 200_000;
/** Kernel: NFT_JUMP_STACK_SIZE is 16; iptables allows more. */
const MAX_DEPTH = 64;

/**
 * Follows the rules from the chains that packets from outside enter, and calls `found` for each rule that changes their
 * destination. Returns false if some rules could not be followed. With `ports`, what is about other ports alone is left out, and
 * so are the chains that only packets to those come to.
 */
export function followRules(
  entries: readonly string[],
  rulesOf: (chain: string) => readonly ChainRule[],
  found: (conditions: Conditions, address: string | null, port: number | null) => void,
  ports: readonly number[] | null = null,
): boolean {
  const isAsked = (here: Conditions) =>
    ports === null || here.ports === null || ports.some((port) => hasPort(here.ports!, port));
  let steps = 0;
  let whole = true;
  const follow = (chain: string, met: Conditions, depth: number): void => {
    for (const { conditions, outcome } of rulesOf(chain)) {
      if (++steps > MAX_STEPS || depth > MAX_DEPTH) {
        whole = false;
        return;
      }
      if (outcome === null) continue;
      const here = both(met, conditions);
      if (here === null || !isAsked(here)) continue;
      if (outcome.kind === "jump") follow(outcome.chain, here, depth + 1);
      else if (outcome.kind === "dnat") found(here, outcome.address, outcome.port);
      else whole = false;
    }
  };
  for (const chain of entries) follow(chain, ANY_PACKET, 0);
  return whole;
}
