/**
 * `sockeye watch --json` at work while a test makes traffic.
 *
 * @module
 */
import { expect } from "bun:test";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Namespace } from "./netns.ts";
import { output } from "./run.ts";
import { expectValid, SOCKEYE } from "./sockeye.ts";

/** A line of the output: only what tests look at is typed. */
export interface WatchLine {
  readonly event: string;
  readonly at: string;
  readonly transport: string | null;
  readonly family: string | null;
  readonly local:
    | { readonly address?: string; readonly port?: number; readonly name?: string }
    | null;
  readonly peer:
    | { readonly address?: string; readonly port?: number; readonly name?: string }
    | null;
  readonly process: WatchProcess | null;
  readonly owners: readonly WatchProcess[];
  readonly how: string | null;
  readonly outcome: string | null;
  readonly error: string | null;
  readonly datagrams: number | null;
  readonly failed: number | null;
  readonly bytes_sent: number | null;
  readonly bytes_received: number | null;
  readonly duration_ms: number | null;
  readonly reason: string | null;
  readonly existing: boolean;
  /** Of `lost`. */
  readonly count: number;
  readonly of: Readonly<Record<string, number>>;
}

/** A process in such a line. */
export interface WatchProcess {
  readonly pid: number | null;
  readonly comm: string | null;
  readonly exe: string | null;
  readonly cmdline: readonly string[] | null;
  readonly ppid: number | null;
}

/** The header line. */
export interface WatchHeader {
  readonly rung: string;
  readonly unseen: readonly string[];
  readonly reasons: readonly string[];
}

/** Why no traffic can be made here; `null` when it can. */
export function trafficReason(): string | null {
  return compiler() === null ? "there is no C compiler" : null;
}

function compiler(): string | null {
  return Bun.which("cc") ?? Bun.which("gcc");
}

let program: Promise<string> | undefined;

/** The program that makes traffic, compiled when it is first asked for. */
export function trafficProgram(): Promise<string> {
  program ??= (async () => {
    const path = join(mkdtempSync(join(tmpdir(), "sockeye-traffic-")), "watch_traffic");
    await output([compiler()!, "-O1", "-o", path, join(import.meta.dir, "watch_traffic.c")], {
      timeoutMs: 120_000,
    });
    return path;
  })();
  return program;
}

/** Lines that a run of the traffic program prints, as words. */
export async function traffic(
  netns: Namespace,
  ...words: readonly (string | number)[]
): Promise<string[][]> {
  const text = await netns.output([await trafficProgram(), ...words.map(String)], {
    timeoutMs: 120_000,
  });
  return text.trimEnd().split("\n").map((line) => line.split(" "));
}

/** A watch that runs. */
export class Watching implements AsyncDisposable {
  readonly process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #reader: { read(): Promise<{ value?: Uint8Array | undefined; done: boolean }> };
  readonly #decoder = new TextDecoder();
  readonly #stderr: Promise<string>;
  #rest = "";
  #header: WatchHeader | undefined;
  /** All lines so far. */
  readonly lines: WatchLine[] = [];

  private constructor(process: Bun.Subprocess<"ignore", "pipe", "pipe">) {
    this.process = process;
    this.#reader = process.stdout.getReader();
    this.#stderr = new Response(process.stderr).text();
  }

  /**
   * Starts a watch and waits until it is ready: what happens from then on it tells. `before`: words in front, such as setpriv.
   * `own`: only of this namespace.
   */
  static async start(
    netns: Namespace,
    args: readonly string[],
    before: readonly string[] = [],
    own = true,
  ): Promise<Watching> {
    const where = own ? ["--own-netns"] : [];
    const command = [...before, SOCKEYE, "watch", "--json", ...where, ...args];
    const watching = new Watching(
      Bun.spawn(netns.command(command), { stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
    );
    await watching.until(() => watching.#header !== undefined);
    return watching;
  }

  get header(): WatchHeader {
    return this.#header!;
  }

  /** Reads until the condition is true. Throws when the output ends before. */
  async until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (!await this.#read()) {
        throw new Error(`The watch ended too early: ${await this.#stderr}`);
      }
    }
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#reader.read();
    if (value !== undefined) {
      const lines = (this.#rest + this.#decoder.decode(value, { stream: true })).split("\n");
      this.#rest = lines.pop()!;
      for (const line of lines) {
        const document = JSON.parse(line);
        expectValid(document, "sockeye.watch/1");
        if (this.#header === undefined) this.#header = document;
        else this.lines.push(document);
      }
    }
    return !done;
  }

  /** Interrupts it and reads what is left. Returns the exit status and what it said. */
  async stop(signal: "SIGINT" | "SIGTERM" = "SIGINT"): Promise<{ status: number; stderr: string }> {
    this.process.kill(signal);
    while (await this.#read()) { /* to the end */ }
    const status = await this.process.exited;
    expect(this.#rest).toBe("");
    return { status, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }
}
