/**
 * The built program, run as a user would.
 *
 * @module
 */
import { expect } from "bun:test";
import Ajv2020 from "ajv/dist/2020.js";
import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Namespace } from "./netns.ts";

const SCHEMA_FOLDER = fileURLToPath(new URL("../../schema/", import.meta.url));

/** Where scripts/build puts the program. */
export const DIST = fileURLToPath(new URL("../../dist/sockeye", import.meta.url));
/** The program. The gate builds it before the tests run, and runs some of them again with the one file of the release. */
export const SOCKEYE = process.env.SOCKEYE_PROGRAM ?? DIST;
if (!existsSync(SOCKEYE)) throw new Error(`${SOCKEYE} is missing: run ./scripts/build first`);

// The package has no format vocabulary, so dates are checked by their form.
const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  strictTypes: false,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
});

// A schema may refer to another by name.
for (const file of new Glob("*.json").scanSync(SCHEMA_FOLDER)) {
  ajv.addSchema(JSON.parse(readFileSync(SCHEMA_FOLDER + file, "utf8")));
}

/**
 * Checks a document against the schema that it names, or a part of one against `name`. One that names none, or an unpublished
 * one, is an error.
 */
export function expectValid(
  document: unknown,
  name = String((document as { schema?: unknown }).schema),
): void {
  const validate = ajv.getSchema(name);
  if (validate === undefined) throw new Error(`There is no schema ${name}`);
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}

/** Checks all JSON that the program prints in a test: one document, or a header line and sockets. */
function expectValidOutput(args: readonly string[], stdout: string): void {
  if (stdout === "" || stdout[0] !== "{") return;
  if (args.includes("--ndjson")) {
    const [header, ...sockets] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    expectValid({ ...header, sockets });
  } else if (args.includes("--json") || args[0] === "snapshot") {
    expectValid(JSON.parse(stdout));
  }
}

/** One socket of the JSON: only what tests look at is typed. */
export interface JsonSocket {
  readonly family: string;
  readonly transport: string;
  readonly type: string | null;
  readonly protocol: number | null;
  readonly state: string;
  readonly netns: { readonly inode: number } | null;
  readonly local: {
    readonly address: string;
    readonly port: number;
    readonly interface: string | null;
  };
  readonly peer: {
    readonly address: string;
    readonly port: number;
    readonly interface: string | null;
  } | null;
  readonly v6only: boolean | null;
  readonly uid: number | null;
  readonly inode: number | null;
  readonly cookie: number | string | null;
  readonly recv_queue: number | null;
  readonly send_queue: number | null;
  readonly accept_queue: { readonly length: number; readonly limit: number | null } | null;
  readonly ownership: string;
  readonly owners: readonly {
    readonly pid: number;
    readonly tid: number | null;
    readonly fds: readonly number[];
    readonly comm: string | null;
    readonly exe: string | null;
    readonly cmdline: readonly string[] | null;
    readonly user: string | null;
    readonly container: object | null;
  }[];
  readonly reach: { readonly scope: string; readonly reasons: readonly string[] };
}

/** The whole document. */
export interface JsonSnapshot {
  readonly complete: boolean;
  readonly gaps: readonly { readonly kind: string; readonly reason: string }[];
  readonly sockets: readonly JsonSocket[];
}

/** Checks a document against the published schema, and gives it typed. */
export function validSnapshot(document: unknown): JsonSnapshot {
  expectValid(document);
  return document as JsonSnapshot;
}

/** How a run ended. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Runs the program with arguments, and checks JSON that it prints against its schema: in a namespace if one is given, or in front of other words (`setpriv …`). */
export function sockeye(
  args: readonly string[],
  options: {
    netns?: Namespace;
    before?: readonly string[];
    env?: Record<string, string>;
    cwd?: string;
    /** Written to standard input; nothing is there without it. */
    stdin?: string;
  } = {},
): Ran {
  const command = [...options.before ?? [], SOCKEYE, ...args];
  const run = Bun.spawnSync(
    options.netns === undefined ? command : options.netns.command(command),
    {
      stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
      env: { PATH: process.env.PATH ?? "", ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    },
  );
  const ran = {
    stdout: run.stdout.toString(),
    stderr: run.stderr.toString(),
    status: run.exitCode,
  };
  if (ran.status !== 2) expectValidOutput(args, ran.stdout);
  return ran;
}

/** Runs with --json and gives the document, valid against the schema. */
export function snapshot(args: readonly string[], netns?: Namespace): JsonSnapshot {
  const ran = sockeye([...args, "--json"], netns === undefined ? {} : { netns });
  expect(ran.status).toBe(0);
  return validSnapshot(JSON.parse(ran.stdout));
}
