/**
 * Network namespaces of their own for tests. Only the network is new: process IDs and files are the host's.
 *
 * A process keeps each namespace alive. It ends when its standard input is closed, so nothing is left even when the test
 * runner is killed.
 *
 * @module
 */
import { statSync } from "node:fs";
import { firstLine } from "./lines.ts";
import { type Finished, output, run, type RunOptions } from "./run.ts";

let probed: string | null | undefined;

/** Why no network namespace can be made and configured here; `null` when it can. Asked once per process. */
export function namespaceReason(): string | null {
  if (probed === undefined) probed = probe();
  return probed;
}

function probe(): string | null {
  for (const program of ["unshare", "nsenter", "ip"]) {
    if (Bun.which(program) === null) return `there is no ${program} program`;
  }
  const made = Bun.spawnSync(["unshare", "-n", "ip", "link", "set", "lo", "up"], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  if (made.success) return null;
  const said = made.stderr.toString().trim() || `unshare ended with status ${made.exitCode}`;
  const user = process.getuid?.() === 0 ? "" : " (not root)";
  return `no network namespace can be made${user}: ${said}`;
}

/** A link between two namespaces. */
export interface VethOptions {
  /** Device names; `veth0` in both unless given. */
  readonly names?: readonly [string, string];
  /** Addresses with prefix length: `["10.0.0.1/24", "10.0.0.2/24"]`. None unless given. */
  readonly addresses?: readonly [string, string];
}

/** A fresh network namespace with `lo` up. */
export class Namespace implements AsyncDisposable {
  /** Process that keeps the namespace; /proc/PID/ns/net leads to it. */
  readonly pid: number;
  /** Inode of the namespace: what `netns.inode` in the JSON has to be. */
  readonly inode: number;
  /** Name under /run/netns, when one was asked for. */
  readonly name: string | null;
  #holder: Bun.Subprocess<"pipe", "pipe", "inherit">;
  #stopped: Promise<void> | null = null;

  private constructor(holder: Bun.Subprocess<"pipe", "pipe", "inherit">, name: string | null) {
    this.#holder = holder;
    this.pid = holder.pid;
    this.inode = statSync(`/proc/${holder.pid}/ns/net`).ino;
    this.name = name;
  }

  /**
   * Makes a namespace.
   *
   * @param name Bound to /run/netns/NAME as well, as `ip netns add` does; removed at the end.
   * @throws {Error} If that is not possible: ask {@linkcode namespaceReason} first.
   */
  static async create(name: string | null = null): Promise<Namespace> {
    const holder = Bun.spawn(
      ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec cat"],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    const line = await firstLine(holder.stdout);
    if (line !== "up") {
      holder.kill("SIGKILL");
      await holder.exited;
      throw new Error("No network namespace was made");
    }
    const made = new Namespace(holder, name);
    try {
      if (name !== null) await output(["ip", "netns", "attach", name, String(made.pid)]);
    } catch (error) {
      await made.stop();
      throw error;
    }
    return made;
  }

  /** A command line that runs another command inside; the process ID stays that of the process started with it. */
  command(inner: readonly string[]): string[] {
    return ["nsenter", "-t", String(this.pid), "-n", "--", ...inner];
  }

  /** Runs a command inside to its end. Throws as {@linkcode run} does. */
  run(inner: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(this.command(inner), options);
  }

  /** Standard output of a command inside. Throws as {@linkcode output} does. */
  output(inner: readonly string[], options: RunOptions = {}): Promise<string> {
    return output(this.command(inner), options);
  }

  /** Joins this namespace and another with a pair of devices that are up. */
  async connect(other: Namespace, options: VethOptions = {}): Promise<void> {
    const [here, there] = options.names ?? ["veth0", "veth0"];
    const peer = ["peer", "name", there, "netns", String(other.pid)];
    await this.output(["ip", "link", "add", here, "type", "veth", ...peer]);
    const ends: [Namespace, string, string | undefined][] = [
      [this, here, options.addresses?.[0]],
      [other, there, options.addresses?.[1]],
    ];
    for (const [namespace, device, address] of ends) {
      if (address !== undefined) {
        await namespace.output(["ip", "addr", "add", address, "dev", device]);
      }
      await namespace.output(["ip", "link", "set", device, "up"]);
    }
  }

  /** Ends the holder and removes the name. The namespace itself lasts until the last socket in it is closed. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.name !== null) await run(["ip", "netns", "delete", this.name]);
    this.#holder.stdin.end();
    const timer = setTimeout(() => this.#holder.kill("SIGKILL"), 2000);
    await this.#holder.exited;
    clearTimeout(timer);
  }

  /** The same as {@linkcode stop}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Runs a function with a fresh namespace, which is gone afterwards whatever happened. */
export async function withNamespace<T>(fn: (netns: Namespace) => T | Promise<T>): Promise<T> {
  await using netns = await Namespace.create();
  return await fn(netns);
}
