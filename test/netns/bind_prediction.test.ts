/**
 * `sockeye explain --bind` beside a bind(2) that another program makes in the same situation.
 *
 * @module
 */
import { describe, expect } from "bun:test";
import { fileURLToPath } from "node:url";
import { pythonReason } from "../support/factory.ts";
import { Namespace, namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";
import { SOCKEYE } from "../support/sockeye.ts";

const SITUATIONS = fileURLToPath(new URL("../support/bind_situations.py", import.meta.url));
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const reason = firstReason(
  namespaceReason(),
  pythonReason(),
  Bun.which("setpriv") === null || process.getuid?.() !== 0 ? "setpriv as root is needed" : null,
);

interface Attempt {
  readonly target: string;
  readonly words: string[];
  readonly plain: string;
  readonly reuse: string;
  readonly reusePort: string;
}

interface Report {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
  readonly verdict: string;
  readonly plain: string;
  readonly reuse_address: string | null;
  readonly reuse_port: string | null;
  readonly holders: unknown[];
}

/** Sockets of all kinds in a namespace of their own, and what bind(2) said beside them. */
async function withSituations(
  check: (netns: Namespace, attempts: readonly Attempt[]) => Promise<void>,
): Promise<void> {
  await using netns = await Namespace.create();
  const maker = Bun.spawn(netns.command(["python3", SITUATIONS]), {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    let text = "";
    for await (const part of maker.stdout) {
      text += new TextDecoder().decode(part);
      if (text.endsWith("\n")) break;
    }
    await check(netns, JSON.parse(text));
  } finally {
    maker.stdin.end();
    await maker.exited;
  }
}

async function predict(
  netns: Namespace,
  attempts: readonly Attempt[],
  as: readonly string[] = [],
): Promise<Report[]> {
  const binds = attempts.flatMap(({ target }) => ["--bind", target]);
  const { stdout } = await netns.run([...as, SOCKEYE, "explain", ...binds, "--json"]);
  return JSON.parse(new TextDecoder().decode(stdout)).binds;
}

/** What the words of the report are for what bind(2) said. */
function verdictOf({ plain, reuse, reusePort }: Attempt): string {
  if (plain === "EADDRINUSE") {
    if (reuse === "OK") return "needs_reuse_address";
    return reusePort === "OK" ? "needs_reuse_port" : "in_use";
  }
  return plain === "OK" ? "free" : plain === "EACCES" ? "denied" : "no_such_address";
}

function agree(attempts: readonly Attempt[], reports: readonly Report[]): void {
  const said = reports.map((
    { transport, address, port, plain, reuse_address, reuse_port, verdict },
  ) => [
    transport,
    address,
    String(port),
    plain,
    reuse_address,
    reuse_port,
    verdict,
  ]);
  expect(said).toEqual(
    attempts.map((attempt) => [
      ...attempt.words,
      attempt.plain,
      attempt.words[0] === "tcp" || attempt.plain === "EADDRINUSE" ? attempt.reuse : null,
      attempt.words[0] === "tcp" || attempt.plain === "EADDRINUSE" ? attempt.reusePort : null,
      verdictOf(attempt),
    ]),
  );
  for (const report of reports) {
    const inTheWay = report.plain === "EADDRINUSE";
    if (inTheWay) expect([report.port, report.holders.length]).not.toEqual([report.port, 0]);
  }
}

describe("--bind", () => {
  testIf(reason, "says what bind(2) says, in over forty situations, to root", async () => {
    await withSituations(async (netns, attempts) => {
      expect(attempts.length).toBeGreaterThan(40);
      for (const kind of ["OK", "EADDRINUSE", "EADDRNOTAVAIL"]) {
        expect(attempts.map(({ plain }) => plain)).toContain(kind);
      }
      expect(attempts.map(verdictOf)).toContain("needs_reuse_address");
      expect(attempts.map(verdictOf)).toContain("needs_reuse_port");
      agree(attempts, await predict(netns, attempts));
    });
  });

  testIf(reason, "says it to an ordinary user, who may not have low ports", async () => {
    await withSituations(async (netns, attempts) => {
      const words = attempts.flatMap(({ words }) => words);
      const own: Attempt[] = JSON.parse(
        await netns.output(["python3", SITUATIONS, "nobody", ...words]),
      );
      expect(own.map(verdictOf)).toContain("denied");
      agree(own, await predict(netns, own, NOBODY));
    });
  });

  testIf(
    reason,
    "knows the settings of the namespace: low ports for all, addresses of others",
    async () => {
      await using netns = await Namespace.create();
      const set = (name: string, value: string) =>
        netns.output(["sh", "-c", `echo ${value} > /proc/sys/net/ipv4/${name}`]);
      await set("ip_unprivileged_port_start", "80");
      await set("ip_nonlocal_bind", "1");
      const words = "tcp 0.0.0.0 79 tcp 0.0.0.0 80 tcp 10.9.9.9 7000 udp 10.9.9.9 53".split(" ");
      const own: Attempt[] = JSON.parse(
        await netns.output(["python3", SITUATIONS, "nobody", ...words]),
      );
      expect(own.map(({ plain }) => plain)).toEqual(["EACCES", "OK", "OK", "EACCES"]);
      agree(own, await predict(netns, own, NOBODY));
    },
  );

  testIf(
    firstReason(reason, Bun.which("strace") === null ? "there is no strace program" : null),
    "is no answer where a limit of this program keeps it from trying",
    async () => {
      await using netns = await Namespace.create();
      const run = (...options: string[]) =>
        Bun.spawnSync(
          netns.command(
            ["strace", "-f", ...options, SOCKEYE, "explain", "--bind", "7099", "--json"],
          ),
        );
      // Which of its sockets is the one that is bound: those before it talk to the kernel.
      const calls: string[] = run("-e", "trace=socket").stderr.toString()
        .match(/socket\(AF_\w+/g) ?? [];
      const nth = calls.indexOf("socket(AF_INET") + 1;
      expect(nth).toBeGreaterThan(0);
      const { stdout, exitCode } = run(
        ...["-o", "/dev/null", "-e", `inject=socket:error=EMFILE:when=${nth}+`],
      );
      const { binds, complete, gaps } = JSON.parse(stdout.toString());
      expect(binds[0]).toMatchObject({ verdict: "other", plain: null, reuse_address: null });
      expect(complete).toBe(false);
      expect(gaps.map(({ kind }: { kind: string }) => kind)).toContain("bind");
      expect(exitCode).toBe(3);
    },
  );
});
