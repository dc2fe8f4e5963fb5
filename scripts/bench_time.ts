/**
 * Timing of one run of a program, for the benches.
 */

/** How long a run took, in ms: on the clock, and on all processors together in user and kernel mode. */
export interface Times {
  readonly wall: number;
  readonly cpu: number;
}

/** One timed run of a program whose output is thrown away. Throws when its status is not 0. */
export function time(command: readonly string[]): Times {
  const started = Bun.nanoseconds();
  const run = Bun.spawnSync([...command], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const wall = (Bun.nanoseconds() - started) / 1e6;
  if (run.exitCode !== 0) throw new Error(`${command.join(" ")} ended with status ${run.exitCode}`);
  const { user, system } = run.resourceUsage!.cpuTime;
  return { wall, cpu: (Number(user) + Number(system)) / 1e3 };
}

/**
 * The most memory that a program has at one time, in MB. Run by Python, because until a program is started its process is a
 * copy of its parent's, and the kernel counts that: this one is larger than many a program.
 */
export function peakMegabytes(command: readonly string[]): number {
  const code = "import os, sys, resource, subprocess\n" +
    "end = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, " +
    "stderr=subprocess.DEVNULL).returncode\n" +
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n" +
    "sys.exit(end)";
  const run = Bun.spawnSync(["python3", "-S", "-c", code, ...command], { stdin: "ignore" });
  if (run.exitCode !== 0) throw new Error(`${command.join(" ")} ended with status ${run.exitCode}`);
  return Number(run.stdout) / 1024;
}

/** The middle one, or half of the sum of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

let cpus: readonly number[] | undefined;

/** The CPUs that this program may run on, as it was started. */
export function usableCpus(): readonly number[] {
  if (cpus !== undefined) return cpus;
  // As taskset prints it: `pid 7's current affinity list: 0,2-3`.
  const run = Bun.spawnSync(["taskset", "-cp", String(process.pid)], { stdin: "ignore" });
  const list = run.stdout.toString().trim().split(": ").at(-1) ?? "";
  if (!run.success || list === "") throw new Error(`taskset: ${run.stderr}`);
  return cpus = list.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

/**
 * Leaves these CPUs alone to the programs that are started from now on. They inherit it from the thread that starts them, so
 * that nothing between has to be started and timed.
 */
export function pinTo(wanted: readonly number[]): void {
  const run = Bun.spawnSync(["taskset", "-cp", wanted.join(","), String(process.pid)], {
    stdin: "ignore",
  });
  if (!run.success) throw new Error(`taskset: ${run.stderr}`);
}
