/**
 * The attributes of one inet_diag_msg: where each is that rows are made of.
 *
 * @module
 */
import { get16 } from "./memory.ts";

// INET_DIAG_*: families/inet/uapi.ts.
const MEMINFO: u32 = 1;
const INFO: u32 = 2;
const VEGASINFO: u32 = 3;
const CONG: u32 = 4;
const SKMEMINFO: u32 = 7;
const DCTCPINFO: u32 = 9;
const SKV6ONLY: u32 = 11;
const BBRINFO: u32 = 16;
const MD5SIG: u32 = 18;
const ULP_INFO: u32 = 19;

/** Where the payload begins, 0 for none, and its length. */
export let memAt: u32 = 0;
export let memLength: u32 = 0;
export let infoAt: u32 = 0;
export let infoLength: u32 = 0;
export let vegasAt: u32 = 0;
export let vegasLength: u32 = 0;
export let congAt: u32 = 0;
export let congLength: u32 = 0;
export let skmemAt: u32 = 0;
export let skmemLength: u32 = 0;
export let dctcpAt: u32 = 0;
export let dctcpLength: u32 = 0;
export let v6onlyAt: u32 = 0;
export let v6onlyLength: u32 = 0;
export let bbrAt: u32 = 0;
export let bbrLength: u32 = 0;
/** True when there is one that TypeScript writes: keys, and what stands on top of the connection. */
export let hasMore: boolean = false;

/** Finds the attributes from `p` to `end`. Returns false where a length does not fit: nothing is known then. */
export function findAttributes(p: u32, end: u32): boolean {
  memAt = 0;
  infoAt = 0;
  vegasAt = 0;
  congAt = 0;
  skmemAt = 0;
  dctcpAt = 0;
  v6onlyAt = 0;
  bbrAt = 0;
  hasMore = false;
  while (p + 4 <= end) {
    const length: u32 = get16(p);
    if (length < 4 || length > end - p) return false;
    const type: u32 = get16(p + 2) & 0x3fff;
    const at: u32 = p + 4;
    const size: u32 = length - 4;
    switch (type) {
      case MEMINFO:
        memAt = at;
        memLength = size;
        break;
      case INFO:
        infoAt = at;
        infoLength = size;
        break;
      case VEGASINFO:
        vegasAt = at;
        vegasLength = size;
        break;
      case CONG:
        congAt = at;
        congLength = size;
        break;
      case SKMEMINFO:
        skmemAt = at;
        skmemLength = size;
        break;
      case DCTCPINFO:
        dctcpAt = at;
        dctcpLength = size;
        break;
      case SKV6ONLY:
        v6onlyAt = at;
        v6onlyLength = size;
        break;
      case BBRINFO:
        bbrAt = at;
        bbrLength = size;
        break;
      case MD5SIG:
      case ULP_INFO:
        hasMore = true;
        break;
      default:
        break;
    }
    p += (length + 3) & ~3;
  }
  return true;
}
