/**
 * NatRule: a rule that leads packets somewhere else, and what a packet must be for it, in whatever language it was written.
 *
 * @module
 */
import type { PortRange } from "../query.ts";

/** What packets have to be, gathered along the rules that lead to one. */
export interface Conditions {
  /** `null`: any. */
  readonly protocol: "tcp" | "udp" | null;
  /** What they were sent to; `null`: any address. */
  readonly address: string | null;
  /** What ports they were sent to; `null`: any. */
  readonly ports: readonly PortRange[] | null;
  /** True when more is asked of them than the fields above say: a source, an interface, a mark, or what cannot be told. */
  readonly more: boolean;
}

/** A rule that leads packets somewhere. */
export interface DnatRule extends Conditions {
  readonly via: "nftables" | "iptables";
  readonly toAddress: string;
  /** `null`: the port stays. */
  readonly toPort: number | null;
}

export const ANY_PACKET: Conditions = { protocol: null, address: null, ports: null, more: false };

/** Where a rule sends the packets that meet its conditions. */
export type Outcome =
  | { readonly kind: "dnat"; readonly address: string; readonly port: number | null }
  /** To another chain: by name, or by whatever names chains. */
  | { readonly kind: "jump"; readonly chain: string }
  /** Somewhere that cannot be told: out of a map. */
  | { readonly kind: "opaque" };

/** One rule: `null` where it changes no destination. */
export interface ChainRule {
  readonly conditions: Conditions;
  readonly outcome: Outcome | null;
}

/** Both conditions at once; `null` where no packet meets them. */
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

/** Rules of more paths than this are not followed: chains may call each other in more ways than there are packets. */
const MAX_STEPS = 200_000;
/** Kernel: NFT_JUMP_STACK_SIZE is 16; iptables allows deeper. */
const MAX_DEPTH = 64;

/**
 * Follows the rules from the chains that packets from outside enter, and calls `found` for each that leads them elsewhere.
 * Returns false when something could not be followed to its end.
 */
export function followRules(
  entries: readonly string[],
  rulesOf: (chain: string) => readonly ChainRule[],
  found: (conditions: Conditions, address: string, port: number | null) => void,
): boolean {
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
      if (here === null) continue;
      if (outcome.kind === "jump") follow(outcome.chain, here, depth + 1);
      else if (outcome.kind === "dnat") found(here, outcome.address, outcome.port);
      else whole = false;
    }
  };
  for (const chain of entries) follow(chain, ANY_PACKET, 0);
  return whole;
}
