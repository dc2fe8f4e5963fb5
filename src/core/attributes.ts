/**
 * The attributes of one inet_diag_msg: where each is that rows are made of.
 *
 * @module
 */
import { get16 } from "./memory.ts";
import {
  INET_DIAG_BBRINFO,
  INET_DIAG_CONG,
  INET_DIAG_DCTCPINFO,
  INET_DIAG_INFO,
  INET_DIAG_MD5SIG,
  INET_DIAG_MEMINFO,
  INET_DIAG_SKMEMINFO,
  INET_DIAG_SKV6ONLY,
  INET_DIAG_ULP_INFO,
  INET_DIAG_VEGASINFO,
} from "./inet_diag.ts";

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
      case INET_DIAG_MEMINFO:
        memAt = at;
        memLength = size;
        break;
      case INET_DIAG_INFO:
        infoAt = at;
        infoLength = size;
        break;
      case INET_DIAG_VEGASINFO:
        vegasAt = at;
        vegasLength = size;
        break;
      case INET_DIAG_CONG:
        congAt = at;
        congLength = size;
        break;
      case INET_DIAG_SKMEMINFO:
        skmemAt = at;
        skmemLength = size;
        break;
      case INET_DIAG_DCTCPINFO:
        dctcpAt = at;
        dctcpLength = size;
        break;
      case INET_DIAG_SKV6ONLY:
        v6onlyAt = at;
        v6onlyLength = size;
        break;
      case INET_DIAG_BBRINFO:
        bbrAt = at;
        bbrLength = size;
        break;
      case INET_DIAG_MD5SIG:
      case INET_DIAG_ULP_INFO:
        hasMore = true;
        break;
      default:
        break;
    }
    p += (length + 3) & ~3;
  }
  return true;
}
