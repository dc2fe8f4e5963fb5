/**
 * Socket factories: processes that hold sockets in a known situation. See make_socket.py.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { firstLine } from "./lines.ts";
import type { Namespace } from "./netns.ts";

const SCRIPT = fileURLToPath(new URL("./make_socket.py", import.meta.url));

/** Longer than the minute the factory gives its own children: closing a million sockets takes seconds. */
const STOP_TIMEOUT_MS = 70_000;

/** A process, as a factory knows it, with the descriptors it holds a socket by. */
export interface FactoryOwner {
  readonly pid: number;
  /** Thread whose table holds the socket, when the process's main table does not. */
  readonly tid: number | null;
  readonly fds: readonly number[];
}

/** One end of a socket. Internet sockets have address, port and interface; others their own keys. */
export interface FactoryEndpoint {
  readonly address?: string;
  readonly port?: number;
  readonly interface?: string | null;
  /** Unix path. */
  readonly path?: string;
  /** Abstract unix name without its leading NUL. */
  readonly name?: string;
  /** The bytes of `path` or `name`. */
  readonly hex?: string;
  readonly ifindex?: number;
  readonly port_id?: number;
  readonly groups?: number;
  readonly cid?: number;
}

/** A socket as it was made, in the words of the product's JSON. */
export interface FactorySocket {
  readonly family: string;
  readonly transport: string;
  readonly type: string;
  readonly protocol: number | null;
  readonly state: string;
  readonly local: FactoryEndpoint | null;
  readonly peer: FactoryEndpoint | null;
  /** IPV6_V6ONLY as set on the socket; `null` for other families. */
  readonly v6only: boolean | null;
  readonly uid: number | null;
  readonly inode: number | null;
  /** SO_COOKIE; `null` where nobody holds the socket to ask. */
  readonly cookie: number | null;
  /** Inode of the namespace the socket was made in. */
  readonly netns: number;
  readonly ownership: string;
  readonly owners: readonly FactoryOwner[];
  readonly accept_queue?: { readonly length: number; readonly limit: number };
  readonly recv_queue?: number;
  readonly send_queue?: number;
  /** Unix: inode of the other end. */
  readonly peer_inode?: number | null;
  /** Packet: EtherType. */
  readonly ethertype?: number;
  /** Packet: held by a memory mapping alone. */
  readonly mapped?: boolean;
}

/** What a factory made. Further keys are described with each factory in test/support/factories. */
export interface FactoryInfo {
  readonly factory: string;
  /** The factory itself. */
  readonly pid: number;
  readonly netns: number;
  readonly sockets: readonly FactorySocket[];
  readonly [fact: string]: unknown;
}

/** A factory that stands. */
export interface Made extends AsyncDisposable {
  readonly skip: null;
  readonly info: FactoryInfo;
  readonly pid: number;
  /** Ends the factory and everything it started; safe to call twice. Throws if it does not end as it should. */
  stop(): Promise<void>;
}

/** A factory that this machine cannot build. */
export interface Skipped extends AsyncDisposable {
  /** Why. */
  readonly skip: string;
  readonly info: null;
  readonly pid: null;
  stop(): Promise<void>;
}

/** How to start a factory. */
export interface MakeOptions {
  /** Namespace to build it in; the test's own unless given. */
  readonly netns?: Pick<Namespace, "command" | "inode">;
  /** For the JSON line. 30 s unless given. */
  readonly timeoutMs?: number;
}

let python: { path: string | null; reason: string | null } | undefined;

/** Why no factory can run here; `null` when they can. Asked once per process. */
export function pythonReason(): string | null {
  return findPython().reason;
}

/** The interpreter itself: `python3` in PATH may be a script that looks for it anew each time. */
function findPython(): { path: string | null; reason: string | null } {
  if (python !== undefined) return python;
  if (Bun.which("python3") === null) {
    return python = { path: null, reason: "there is no python3 program" };
  }
  const code = "import sys; print(sys.executable if sys.version_info >= (3, 9) else '')";
  const asked = Bun.spawnSync(["python3", "-c", code], { stdin: "ignore", stderr: "pipe" });
  const path = asked.stdout.toString().trim();
  if (asked.success && path !== "") return python = { path, reason: null };
  const reason = asked.success
    ? "python3 is older than 3.9"
    : `python3 does not run: ${asked.stderr.toString().trim()}`;
  return python = { path: null, reason };
}

/** The names of all factories. */
export function factoryNames(): string[] {
  const listed = Bun.spawnSync([interpreter(), SCRIPT, "--list"], { stdin: "ignore" });
  if (!listed.success) throw new Error(`Factories cannot be listed: ${listed.stderr.toString()}`);
  return listed.stdout.toString().split("\n").filter((line) => line !== "")
    .map((line) => line.split(" ")[0]!);
}

/**
 * Builds a situation and waits until it stands.
 *
 * @param name As `make_socket.py --list` has it.
 * @param args Options of that factory.
 * @throws {Error} If the factory fails, does not know an option, or is not ready in time. Not if it skips.
 */
export function makeSocket(
  name: string,
  args: Readonly<Record<string, string | number>> = {},
  options: MakeOptions = {},
): Promise<Made | Skipped> {
  const words = Object.entries(args).map(([key, value]) => `${key}=${value}`);
  return start([name, ...words], options);
}

/** What {@linkcode fillSockets} made. */
export interface Filled extends AsyncDisposable {
  /** Established sockets there are now; fewer than asked for when a limit was met. */
  readonly established: number;
  readonly processes: readonly number[];
  /** What ended the work early; `null` when nothing did. */
  readonly stopped: string | null;
  /** Time the making took. */
  readonly seconds: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Opens a number of established TCP sockets, both ends of each connection, spread over processes. */
export async function fillSockets(
  count: number,
  processes: number,
  options: MakeOptions = {},
): Promise<Filled> {
  const words = ["--fill", String(count), "--processes", String(processes)];
  const made = await start(words, { timeoutMs: 120_000, ...options });
  if (made.skip !== null) throw new Error(`Sockets cannot be made: ${made.skip}`);
  return {
    established: made.info.established as number,
    processes: made.info.processes as number[],
    stopped: made.info.stopped as string | null,
    seconds: made.info.seconds as number,
    pid: made.pid,
    stop: made.stop,
    [Symbol.asyncDispose]: made.stop,
  };
}

function interpreter(): string {
  const { path, reason } = findPython();
  if (path === null) throw new Error(`Factories cannot run: ${reason}`);
  return path;
}

async function start(words: readonly string[], options: MakeOptions): Promise<Made | Skipped> {
  const command = [interpreter(), SCRIPT, ...words];
  const child = Bun.spawn(options.netns?.command(command) ?? command, {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    // A factory changes settings of the network only in the namespace that it was told is the test's own.
    env: { ...process.env, SOCKEYE_TEST_NETNS: String(options.netns?.inode ?? "") },
  });
  const errors = new Response(child.stderr).text();
  let stopping: Promise<void> | null = null;
  const end = async (expected: boolean): Promise<void> => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const status = await child.exited;
    clearTimeout(timer);
    if (expected && (status !== 0 || await errors !== "")) {
      throw new Error(`Factory ${words[0]} ended with status ${status}: ${await errors}`);
    }
  };
  const stop = () => stopping ??= end(true);
  const line = await firstLineWithin(child.stdout, options.timeoutMs ?? 30_000);
  if (line === null) {
    await end(false);
    throw new Error(`Factory ${words.join(" ")} did not get ready: ${(await errors).trim()}`);
  }
  const info = JSON.parse(line);
  const common = { stop, [Symbol.asyncDispose]: stop };
  if (typeof info.skip === "string") {
    await stop();
    return { skip: info.skip, info: null, pid: null, ...common };
  }
  return { skip: null, info, pid: child.pid, ...common };
}

/** The first line, or `null` when the stream ends or the time is over before there is one. */
async function firstLineWithin(
  stream: ReadableStream<Uint8Array>,
  timeoutMs: number,
): Promise<string | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeoutMs);
  try {
    return await Promise.race([firstLine(stream).catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
