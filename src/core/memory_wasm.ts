/**
 * The arena as the second gear sees it: what memory.ts has, as instructions of WebAssembly. The compiler puts each in the place
 * of its calls.
 *
 * @module
 */

export function get8(p: u32): u32 {
  return load<u8>(p);
}

export function get16(p: u32): u32 {
  return load<u16>(p);
}

export function get16be(p: u32): u32 {
  return bswap<u16>(load<u16>(p));
}

export function get32(p: u32): u32 {
  return load<u32>(p);
}

export function getSigned32(p: u32): i32 {
  return load<i32>(p);
}

export function put8(p: u32, value: u32): void {
  store<u8>(p, value);
}

export function put16(p: u32, value: u32): void {
  store<u16>(p, value);
}

export function put32(p: u32, value: u32): void {
  store<u32>(p, value);
}

export function copyText(to: u32, from: u32, count: u32): void {
  // From so many bytes on, the instruction costs less than a loop.
  if (count > 96) memory.copy(to, from, count + 7 & ~7);
  else for (let i: u32 = 0; i < count; i += 8) store<u64>(to + i, load<u64>(from + i));
}

export function copy(to: u32, from: u32, count: u32): void {
  memory.copy(to, from, count);
}

export function fill(to: u32, value: u32, count: u32): void {
  memory.fill(to, <u8> value, count);
}

export function div(a: u32, b: u32): u32 {
  return a / b;
}

export function mul(a: u32, b: u32): u32 {
  return a * b;
}

export function unsigned(value: i32): u32 {
  return <u32> value;
}

export function float(value: u32): f64 {
  return <f64> value;
}

export function whole(value: f64): u32 {
  return <u32> value;
}
