/**
 * Assembler: turns BPF instructions and labels into bytes.
 *
 * @module
 */
import type { Instruction, Label } from "./instruction.ts";

/** Bytes of one slot. Most instructions take one slot. */
const SLOT = 8;
const MAX_DISTANCE = 0x7fff;

function slotsOf(instruction: Instruction): number {
  return instruction.upper === undefined ? 1 : 2;
}

/**
 * Encodes a program. Throws Error for a label that is missing, defined twice, or too far away to jump to.
 *
 * ```ts
 * assemble([moveImmediate(R0, 0), exit()]); // 16 bytes: a program that returns 0
 * ```
 */
export function assemble(lines: readonly (Instruction | Label)[]): Uint8Array<ArrayBuffer> {
  const labels = new Map<string, number>();
  let slots = 0;
  for (const line of lines) {
    if ("label" in line) {
      if (labels.has(line.label)) throw new Error(`Cannot define the label ${line.label} twice`);
      labels.set(line.label, slots);
    } else {
      slots += slotsOf(line);
    }
  }
  const bytes = new Uint8Array(slots * SLOT);
  const view = new DataView(bytes.buffer);
  let slot = 0;
  for (const line of lines) {
    if ("label" in line) continue;
    const at = slot * SLOT;
    slot += slotsOf(line);
    view.setUint8(at, line.code);
    view.setUint8(at + 1, line.src << 4 | line.dst);
    view.setInt16(at + 2, line.target === undefined ? line.offset : distance(line.target), true);
    view.setInt32(at + 4, line.immediate, true);
    if (line.upper !== undefined) view.setInt32(at + SLOT + 4, line.upper, true);
  }
  return bytes;

  // The distance of a jump is counted from the instruction behind it.
  function distance(target: string): number {
    const place = labels.get(target);
    if (place === undefined) throw new Error(`Cannot jump to ${target}: there is no such label`);
    const slots = place - slot;
    if (Math.abs(slots) > MAX_DISTANCE) {
      throw new Error(`Cannot jump ${slots} instructions to ${target}: too far`);
    }
    return slots;
  }
}
