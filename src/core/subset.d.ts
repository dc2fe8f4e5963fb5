// The integers of AssemblyScript, for TypeScript. In JavaScript all of them are numbers, so what differs is written down in
// CONTRIBUTING.md, and a property test runs both gears.
declare type u32 = number;
declare type i32 = number;
declare type f64 = number;

// What memory_wasm.ts is made of: each is one instruction of WebAssembly.
declare type u8 = number;
declare type u16 = number;
declare type u64 = number;
declare function load<_T>(p: u32): u32;
declare function store<_T>(p: u32, value: number): void;
declare function bswap<_T>(value: u32): u32;
declare const memory: {
  copy(to: u32, from: u32, count: u32): void;
  fill(to: u32, value: u32, count: u32): void;
};
