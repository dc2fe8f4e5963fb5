/**
 * What bun:ffi does without a word, and what is done against it. When the pinned runtime changes and one of these fails, the
 * wrappers in ffi/ are to be looked through again.
 */
import { dlopen, FFIType } from "bun:ffi";
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

describe("the runtime", () => {
  const { abs, htonl, labs } = dlopen("libc.so.6", {
    abs: { args: [FFIType.i32], returns: FFIType.i32 },
    htonl: { args: [FFIType.u32], returns: FFIType.u32 },
    labs: { args: [FFIType.i64_fast], returns: FFIType.i64_fast },
  }).symbols;

  test("makes integers of what is none, so every call stands in a typed function", () => {
    const loose = abs as unknown as (...args: unknown[]) => number;
    expect(loose(undefined)).toBe(0);
    expect(loose(NaN)).toBe(0);
    expect(loose(-1.9)).toBe(1);
    expect(loose()).toBe(0);
    expect(loose(-3, "superfluous")).toBe(3);
  });

  test("gives u32 without a sign", () => {
    expect(htonl(0xff)).toBe(0xff00_0000);
  });

  test("gives i64_fast as a number below 2^53 and as a bigint from there, so results go through Number()", () => {
    expect(labs(-5)).toBe(5);
    expect(labs(2 ** 53 - 1)).toBe(2 ** 53 - 1);
    expect(labs(-(2n ** 60n))).toBe(2n ** 60n);
  });

  test("takes a misspelt type for a known one, so the table names FFIType's members", () => {
    const misspelt = { abs: { args: ["size_t" as "i32"], returns: "i32" } } as const;
    expect(() => dlopen("libc.so.6", misspelt)).not.toThrow();
  });
});

describe("the sources", () => {
  const files = [...new Glob("{ffi,src}/**/*.ts").scanSync(root)];
  const code = (file: string): string =>
    readFileSync(`${root}/${file}`, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

  test("open one library, by the one name that is mapped already", () => {
    // Any other name is tried in the working directory when it is not found, where a stranger may have put a file.
    const opened = files.flatMap((file) =>
      [...code(file).matchAll(/\bdlopen\(([^,)]*)/g)].map(([, name]) => [file, name])
    );
    expect(opened).toEqual([["ffi/libc.ts", '"libc.so.6"']]);
  });

  test("name no type by a string in the table of symbols", () => {
    const table = /const table = \{([\s\S]*?)\} as const/.exec(code("ffi/libc.ts"))![1]!;
    expect(table).not.toMatch(/["'`]/);
  });

  test("never view memory that the runtime would free with the view", () => {
    expect(files.filter((file) => /\btoBuffer\(/.test(code(file)))).toEqual([]);
  });

  test("take a pointer that C keeps from ffi/memory.ts alone", () => {
    // The stand-in for libc has an address of errno, which it made itself.
    const users = files.filter((file) =>
      /\bnative\.ptr\b|\{[^}]*\bptr\b[^}]*\} = native\b/.test(code(file))
    );
    expect(users.sort()).toEqual(["ffi/libc_fallback.ts", "ffi/memory.ts"]);
    // Of the runtime's module only the types are used.
    const others = files.filter((file) =>
      /(?:^|\n)import (?!type\b)[^;]*from "bun:ffi"/.test(code(file))
    );
    expect(others).toEqual([]);
  });
});
