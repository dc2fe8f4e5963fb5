/**
 * Attributes of an xdp_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeDecoder,
  type AttributeValue,
  readTable,
  skmeminfo,
  u32,
  words,
} from "../attribute_table.ts";

const UMEM_WORDS = words([
  "size_low",
  "size_high",
  "id",
  "num_pages",
  "chunk_size",
  "headroom",
  "ifindex",
  "queue_id",
  "flags",
  "refs",
]);

/** struct xdp_diag_umem: sizes in bytes. */
function umem(attribute: AttributeCursor): AttributeValue {
  const { size_low: _low, size_high: _high, ...rest } = UMEM_WORDS(attribute) as Record<
    string,
    number
  >;
  const { view, offset, length } = attribute;
  return { size: length >= 8 ? view.getBigUint64(offset, true) : null, ...rest };
}

/** struct xdp_diag_stats: counts. */
const STATS_NAMES = [
  "rx_dropped",
  "rx_invalid",
  "rx_full",
  "fill_ring_empty",
  "tx_invalid",
  "tx_ring_empty",
] as const;

function stats({ view, offset, length }: AttributeCursor): AttributeValue {
  const values: Record<string, AttributeValue> = {};
  for (const [i, name] of STATS_NAMES.entries()) {
    if (8 * i + 8 > length) break;
    values[name] = view.getBigUint64(offset + 8 * i, true);
  }
  return values;
}

const ring = words(["entries"]);

/** The table. */
export const ATTRIBUTES: readonly (AttributeDecoder | null)[] = [
  null,
  { name: "info", decode: words(["ifindex", "queue_id"]) },
  { name: "uid", decode: u32 },
  { name: "rx_ring", decode: ring },
  { name: "tx_ring", decode: ring },
  { name: "umem", decode: umem },
  { name: "umem_fill_ring", decode: ring },
  { name: "umem_completion_ring", decode: ring },
  { name: "meminfo", decode: skmeminfo },
  { name: "stats", decode: stats },
];

/** Every attribute of a message, decoded, by name. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, ATTRIBUTES);
}
