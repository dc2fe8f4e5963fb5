/**
 * The family in CONTRIBUTING.md, run as it stands there: it reads what the real one reads.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Family } from "../../src/families/family.ts";
import { vsock } from "../../src/families/vsock.ts";
import { DecodeError } from "../../src/model/decode_error.ts";
import { ALL_STATES } from "../../src/model/state.ts";
import type { Query } from "../../src/query.ts";
import { attribute, hex, u32, viewOf } from "../support/bytes.ts";
import { contextOf, fuzzDecoder } from "../support/decoder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");

const QUERY: Query = {
  families: new Set(["vsock"]),
  transports: new Set(),
  states: ALL_STATES,
  ports: null,
  pids: null,
  processes: null,
  users: null,
};

/** A listener on port 1024 of context 3. */
const LISTENER = [
  ...[40, 1, 10, 0],
  ...[3, 1024, 0xffff_ffff, 0xffff_ffff, 99, 3, 0].flatMap((word) => u32(word)),
];

let folder: string;
let example: Family;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-contributing-"));
  const code = /^```ts\n\/\/ vsock\.ts\n([^]*?)^```$/m.exec(page)![1]!;
  writeFileSync(join(folder, "vsock.ts"), code.replaceAll('from "./src/', `from "${root}src/`));
  example = ((await import(join(folder, "vsock.ts"))) as { vsock: Family }).vsock;
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the example asks and reads as the family itself does", () => {
  const [request] = example.requests(QUERY);
  const [real] = vsock.requests(QUERY);
  expect(hex(request!.message!)).toBe(hex(real!.message!));
  const view = viewOf(LISTENER);
  const wanted = real!.decode(view, 0, LISTENER.length, contextOf())!;
  const socket = request!.decode(view, 0, LISTENER.length, contextOf())!;
  expect({ ...socket, reach: wanted.reach }).toEqual(wanted);
  expect(example.label(socket)).toBe(vsock.label(wanted));
  expect(example.endpoint.text(socket.local)).toBe("3:1024");
  expect(example.requests({ ...QUERY, families: new Set(["unix"]) })).toEqual([]);
});

test("it keeps unknown attributes, and survives any bytes", () => {
  const [request] = example.requests(QUERY);
  const bytes = [...LISTENER, ...attribute(1, [7])];
  expect(request!.info!(viewOf(bytes), 0, bytes.length))
    .toEqual({ attribute_1: new Uint8Array([7]) });
  expect(() => request!.decode(viewOf([]), 0, 0, contextOf())).toThrow(DecodeError);
  fuzzDecoder((view, start, end) => request!.decode(view, start, end, contextOf()), LISTENER);
});
