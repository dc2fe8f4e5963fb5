/**
 * Runs a command to its end, with a time limit.
 *
 * @module
 */

/** What a command left. */
export interface Finished {
  readonly stdout: Uint8Array<ArrayBuffer>;
  readonly stderr: string;
  /** Exit status; 128 + the signal's number when a signal ended it. */
  readonly status: number;
}

/** How to run a command. */
export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly stdin?: string;
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** After this the command is killed and the call throws. 40 s unless given, enough for a busy machine. */
  readonly timeoutMs?: number;
}

/**
 * Runs a command and collects its output as bytes.
 *
 * @throws {Error} If it cannot be started, or has not ended in time.
 */
export async function run(
  command: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const timeoutMs = options.timeoutMs ?? 40_000;
  const child = Bun.spawn([...command], {
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [stdout, stderr, status] = await Promise.all([
      new Response(child.stdout).bytes(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (late) {
      throw new Error(`Command ${command.join(" ")} was killed: not done in ${timeoutMs} ms`);
    }
    return { stdout: new Uint8Array(stdout), stderr, status };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The standard output of a command as text.
 *
 * @throws {Error} If the command fails, with what it wrote to standard error.
 */
export async function output(
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { stdout, stderr, status } = await run(command, options);
  if (status !== 0) {
    throw new Error(`Command ${command.join(" ")} ended with status ${status}: ${stderr.trim()}`);
  }
  return new TextDecoder().decode(stdout);
}
