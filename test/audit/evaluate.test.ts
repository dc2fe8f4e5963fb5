import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import type { SnapshotDocument, SocketDocument } from "../../src/snapshot/document.ts";
import { evaluate } from "../../src/audit/evaluate.ts";
import { explainService, explanationText } from "../../src/audit/explain_service.ts";
import { initialPolicy } from "../../src/audit/init.ts";
import { parseTree, plain } from "../../src/audit/policy_tree.ts";
import { readPolicy } from "../../src/audit/read_policy.ts";
import { owner, PROCESSES_GAP, snapshot, socket } from "./documents.ts";

const HEAD = "schema: sockeye.policy/1\n";

/** Judges a snapshot by entries in YAML's flow style. */
function judge(document: SnapshotDocument, entries: readonly string[], settings = "{}") {
  const text = `${HEAD}settings: ${settings}\nlisteners: [${
    entries.map((entry) => `\n  { ${entry} }`).join(",")
  }]\n`;
  return evaluate(document, readPolicy(text, "p.yaml"));
}

/** Verdicts and endpoints. */
function verdicts(
  document: SnapshotDocument,
  entries: readonly string[],
  settings?: string,
): string[] {
  return judge(document, entries, settings).results.map(({ verdict, endpoint }) =>
    `${verdict} ${endpoint}`
  );
}

const web = (parts: Parameters<typeof socket>[2] = {}) => snapshot([socket("0.0.0.0", 80, parts)]);
const hidden = (parts: Parameters<typeof socket>[2] = {}) =>
  snapshot([socket("0.0.0.0", 80, { ownership: "hidden", owners: [], ...parts })], [PROCESSES_GAP]);

describe("evaluate()", () => {
  test("denies what no entry allows", () => {
    expect(verdicts(web(), [])).toEqual(["surplus tcp 0.0.0.0:80"]);
    expect(judge(web(), []).outcome).toBe("violation");
  });

  test("a socket without a holder is the kernel's only if root made it", () => {
    const held = (uid: number) => web({ ownership: "kernel", owners: [], uid });
    expect(verdicts(held(0), ["port: 80, kernel: true"])).toEqual(["ok tcp 0.0.0.0:80"]);
    expect(verdicts(held(1000), ["port: 80, kernel: true"])).toEqual([
      "wrong_owner tcp 0.0.0.0:80",
    ]);
  });

  test("a unit, a container or a user that could not be read is not another one", () => {
    const unread = (code: object, parts: object) =>
      web({ owners: [owner({ unread: code as Record<string, string>, ...parts })] });
    const cgroup = unread({ cgroup: "EIO" }, { unit: null });
    expect(verdicts(cgroup, ["port: 80, unit: nginx.service"]))
      .toEqual(["undecidable tcp 0.0.0.0:80"]);
    expect(verdicts(cgroup, ["port: 80, container: { name: web }"]))
      .toEqual(["undecidable tcp 0.0.0.0:80"]);
    const passwd = unread({ passwd: "EIO" }, { user: null });
    expect(verdicts(passwd, ["port: 80, user: root"])).toEqual(["undecidable tcp 0.0.0.0:80"]);
    expect(verdicts(passwd, ["port: 80, user: 0"])).toEqual(["ok tcp 0.0.0.0:80"]);
  });

  test.each([
    ["transport: tcp, port: 80", "ok"],
    ["transport: udp, port: 80", "surplus"],
    ["port: 81", "surplus"],
    ["port: 70-90", "ok"],
    ["port: [81, 80]", "ok"],
    ["port: ephemeral", "surplus"],
    ["port: 80, family: inet", "ok"],
    ["port: 80, family: inet6", "surplus"],
    ["port: 80, address: 0.0.0.0", "ok"],
    ["port: 80, address: 10.0.0.1", "too_exposed"],
    ["port: 80, reach: any", "ok"],
    ["port: 80, reach: private", "too_exposed"],
    ["port: 80, netns: container", "surplus"],
    ["port: 80, netns: any", "ok"],
    ["port: 80, exe: /usr/sbin/nginx", "ok"],
    ["port: 80, exe: /usr/*/nginx", "ok"],
    ["port: 80, exe: /*/nginx", "wrong_owner"],
    ["port: 80, exe: /**/nginx", "ok"],
    ["port: 80, exe: /usr/sbin/ngin", "wrong_owner"],
    ["port: 80, unit: nginx.service", "ok"],
    ["port: 80, unit: ssh.service", "wrong_owner"],
    ["port: 80, user: root", "ok"],
    ["port: 80, user: 0", "ok"],
    ["port: 80, user: www-data", "wrong_owner"],
    ["port: 80, kernel: true", "wrong_owner"],
    ["port: 80, container: { name: web }", "wrong_owner"],
    ["port: 80, interface: eth0", "surplus"],
    ["port: 80, expires: 2026-03-01", "ok"],
    ["port: 80, expires: 2026-02-28", "expired"],
    ["port: 80, expires: 2026-02-28, user: nobody", "wrong_owner"],
  ])("an entry of { %s } makes it %s", (entry, verdict) => {
    expect(verdicts(web(), [entry])).toEqual([`${verdict} tcp 0.0.0.0:80`]);
  });

  test.each(
    [
      ["unit: api*.service", { unit: "api-v1.service", unit_manager: "system" }, "ok"],
      ["unit: api*.service", { unit: "api-v1.service", unit_manager: "user" }, "wrong_owner"],
      ["unit: api*.service", { unit: "api-v1.service", unit_manager: "delegated" }, "wrong_owner"],
      ["user_unit: api*.service", { unit: "api-v1.service", unit_manager: "user" }, "ok"],
      [
        "user_unit: api*.service",
        { unit: "api-v1.service", unit_manager: "system" },
        "wrong_owner",
      ],
      [
        "unit: a.service, user_unit: b.service",
        { unit: "a.service", unit_manager: "system" },
        "ok",
      ],
      ["unit: a.service, user_unit: b.service", { unit: "b.service", unit_manager: "user" }, "ok"],
      [
        "unit: a.service, user_unit: b.service",
        { unit: "a.service", unit_manager: "user" },
        "wrong_owner",
      ],
      // Snapshots of earlier versions do not say.
      ["unit: api*.service", { unit: "api-v1.service" }, "ok"],
      ["exe: /usr/sbin/nginx", { exe_is_host_file: true }, "ok"],
      ["exe: /usr/sbin/nginx", { exe_is_host_file: false }, "wrong_owner"],
      ["exe: /usr/sbin/nginx", { exe_is_host_file: null }, "undecidable"],
    ] as const,
  )("an entry of { %s } and an owner with %j: %s", (entry, parts, verdict) => {
    expect(verdicts(web({ owners: [owner(parts)] }), [`port: 80, ${entry}`]))
      .toEqual([`${verdict} tcp 0.0.0.0:80`]);
  });

  test.each(
    [
      ["container: { runtime: docker }", "system", "ok"],
      ["container: { runtime: docker }", "user", "wrong_owner"],
      ["container: { runtime: docker }", "delegated", "wrong_owner"],
      // A container knows its own programs, and says what they are where it was asked for.
      ["exe: /usr/sbin/nginx, container: { runtime: docker }", "system", "ok"],
      ["exe: /usr/sbin/nginx, container: { runtime: docker }", "user", "wrong_owner"],
      ["exe: /usr/sbin/nginx", "system", "wrong_owner"],
    ] as const,
  )("an entry of { %s } and a container of %s: %s", (entry, manager, verdict) => {
    const inside = owner({
      container: { id: "a".repeat(64), runtime: "docker", name: null },
      container_manager: manager,
      exe_is_host_file: false,
    });
    expect(verdicts(web({ owners: [inside] }), [`port: 80, ${entry}`]))
      .toEqual([`${verdict} tcp 0.0.0.0:80`]);
  });

  test("the first policy of a host asks for what an audit counts", () => {
    const owners = [owner({ unit_manager: "user", exe_is_host_file: false })];
    const text = initialPolicy(web({ owners }), false);
    const [entry] = parse(text).listeners;
    expect([entry.exe, entry.unit, entry.user_unit]).toEqual([
      undefined,
      undefined,
      "nginx.service",
    ]);
    expect(evaluate(web({ owners }), readPolicy(text, "p.yaml")).outcome).toBe("compliant");
  });

  test("the path of a unix socket counts if this host sees its file there", () => {
    const unix = (local: SocketDocument["local"]) =>
      snapshot([
        socket("0.0.0.0", 80, { family: "unix", transport: "stream", state: "listen", local }),
      ]);
    const judged = (local: SocketDocument["local"]) =>
      verdicts(unix(local), ["path: /run/app"], "{ check: [unix] }").map((text) =>
        text.split(" ")[0]
      );
    const path = "/run/app";
    expect(judged({ path, name: null })).toEqual(["ok"]);
    expect(judged({ path, name: null, mode: "0666", host_path: path })).toEqual(["ok"]);
    expect(judged({ path: "app", name: null, mode: "0666", host_path: path })).toEqual(["ok"]);
    // In a mount namespace that anybody may make.
    expect(judged({ path, name: null, mode: "0666", host_path: null })).toEqual(["surplus"]);
    expect(judged({ path, name: null, mode: "0666", host_path: "/tmp/x/run/app" }))
      .toEqual(["surplus"]);
    // Nobody can connect to a file that was removed, so it is no service.
    expect(judged({ path, name: null, host_path: null })).toEqual([]);
  });

  test("a dual-stack socket takes part in both versions of IP, a v6-only one in one", () => {
    const dual = (v6only: boolean | null) => snapshot([socket("::", 80, { v6only })]);
    expect(verdicts(dual(false), ["port: 80, family: inet"])).toEqual(["ok tcp [::]:80"]);
    expect(verdicts(dual(false), ["port: 80, family: dual"])).toEqual(["ok tcp [::]:80"]);
    expect(verdicts(dual(true), ["port: 80, family: inet"])).toEqual(["surplus tcp [::]:80"]);
    expect(verdicts(dual(true), ["port: 80, family: inet6"])).toEqual(["ok tcp [::]:80"]);
    expect(verdicts(dual(null), ["port: 80, family: dual"])).toEqual(["undecidable tcp [::]:80"]);
  });

  test("every holder has to fit, not one of them", () => {
    const shared = web({ owners: [owner(), owner({ pid: 2, exe: "/bin/sh", comm: "sh" })] });
    expect(verdicts(shared, ["port: 80, exe: /usr/sbin/nginx"])).toEqual([
      "wrong_owner tcp 0.0.0.0:80",
    ]);
    expect(verdicts(shared, ["port: 80, exe: [/usr/sbin/nginx, /bin/sh]"])).toEqual([
      "ok tcp 0.0.0.0:80",
    ]);
    const { message } = judge(shared, ["port: 80, exe: /usr/sbin/nginx"]).results[0]!;
    expect(message).toBe("held by sh(2) running /bin/sh, the entry allows /usr/sbin/nginx");
  });

  test("a holder that cannot be seen is undecidable where the entry asks for one", () => {
    expect(verdicts(hidden(), ["port: 80, exe: /usr/sbin/nginx"])).toEqual([
      "undecidable tcp 0.0.0.0:80",
    ]);
    expect(judge(hidden(), ["port: 80, user: root"]).outcome).toBe("undecidable");
    expect(judge(hidden(), ["port: 80, user: root"], "{ undecidable: accept }").outcome).toBe(
      "compliant",
    );
    expect(judge(hidden(), ["port: 80"]).outcome).toBe("compliant");
    expect(verdicts(hidden(), ["port: 80, user: root, reach: loopback"])).toEqual([
      "too_exposed tcp 0.0.0.0:80",
    ]);
    const unreadable = snapshot([socket("0.0.0.0", 80, { owners: [owner({ exe: null })] })]);
    expect(verdicts(unreadable, ["port: 80, exe: /x"])).toEqual(["undecidable tcp 0.0.0.0:80"]);
  });

  test("a further holder in an unread process is accepted, or not, as the policy says", () => {
    const partial = snapshot([socket("0.0.0.0", 80)], [PROCESSES_GAP]);
    const entries = ["port: 80, exe: /usr/sbin/nginx"];
    expect(judge(partial, entries).outcome).toBe("compliant");
    expect(judge(partial, entries, "{ unseen_holders: undecidable }").outcome).toBe("undecidable");
  });

  test("the entry that fits counts, whatever others say", () => {
    expect(
      verdicts(web(), [
        "port: 80, user: nobody",
        "port: 80, reach: loopback",
        "port: 80, user: root",
      ]),
    )
      .toEqual(["ok tcp 0.0.0.0:80"]);
    const { entry } = judge(web(), [
      "name: a, port: 80, user: nobody",
      "name: b, port: 80, expires: 2020-01-01",
    ]).results[0]!;
    expect(entry).toEqual({ name: "b", line: 5 });
  });

  test("what is required has to be there while its entry is in force", () => {
    const none = snapshot([]);
    expect(verdicts(none, ["name: ssh, transport: tcp, port: 22, expect: required"])).toEqual([
      "missing tcp *:22",
    ]);
    expect(verdicts(none, ["port: 22"])).toEqual([]);
    expect(verdicts(none, ["port: 22, expect: required, expires: 2026-01-01"])).toEqual([]);
    expect(judge(none, ["name: old, port: 22"]).unused).toEqual([{ name: "old", line: 4 }]);
    const gap = { kind: "table", reason: "tcp over IPv4 could not be read" };
    const partial = judge(snapshot([], [gap]), ["port: 22, expect: required"]);
    expect(partial.results.map(({ verdict }) => verdict)).toEqual(["undecidable", "undecidable"]);
  });

  test("a namespace that could not be entered leaves open what it holds", () => {
    const gap = { kind: "netns", reason: "network namespace 7 could not be entered" };
    expect(judge(snapshot([], [gap]), []).outcome).toBe("undecidable");
    expect(judge(snapshot([socket("0.0.0.0", 1)], [gap]), []).outcome).toBe("violation");
  });

  test("UDP clients are collapsed by program, unless an entry names them or the policy wants each", () => {
    const clients = snapshot(
      [40001, 40002, 53].map((port) => socket("0.0.0.0", port, { transport: "udp" })),
    );
    const report = judge(clients, ["transport: udp, port: 53"]);
    expect(report.outcome).toBe("compliant");
    expect(report.collapsed).toEqual([
      { netns: "host", program: "/usr/sbin/nginx", user: "root", count: 2 },
    ]);
    expect(verdicts(clients, ["transport: udp, port: 53"], "{ ephemeral_udp: check }")).toEqual([
      "ok udp 0.0.0.0:53",
      "surplus udp 0.0.0.0:40001",
    ]);
    expect(judge(clients, ["transport: udp, port: [53, ephemeral]"]).collapsed).toEqual([]);
    expect(verdicts(snapshot([socket("0.0.0.0", 40001)]), [])).toEqual([
      "surplus tcp 0.0.0.0:40001",
    ]);
  });

  test("the workers of one port are one service, judged by the worst of them", () => {
    const workers = snapshot([
      socket("0.0.0.0", 80),
      socket("0.0.0.0", 80, { owners: [owner({ pid: 9, exe: "/tmp/x" })] }),
    ]);
    const { results, services } = judge(workers, ["port: 80, exe: /usr/sbin/nginx"]);
    expect(results.map(({ verdict }) => verdict)).toEqual(["wrong_owner"]);
    // One service, however many sockets it has.
    expect(services).toBe(1);
  });

  test("two programs on one port by SO_REUSEPORT are judged each by its own entry", () => {
    const shared = snapshot([
      socket("0.0.0.0", 80),
      socket("0.0.0.0", 80, { owners: [owner({ pid: 9, exe: "/usr/bin/haproxy" })] }),
    ]);
    const nginx = "name: a, port: 80, exe: /usr/sbin/nginx";
    expect(verdicts(shared, [nginx, "name: b, port: 80, exe: /usr/bin/haproxy"]))
      .toEqual(["ok tcp 0.0.0.0:80"]);
    expect(verdicts(shared, [nginx])).toEqual(["wrong_owner tcp 0.0.0.0:80"]);
  });

  test("an entry whose day is over is certain, unless another entry may allow the service", () => {
    const expired = "name: a, port: 80, expires: 2020-01-01";
    expect(judge(hidden(), [`${expired}, user: root`]).outcome).toBe("violation");
    expect(verdicts(hidden(), [`${expired}, user: root`])).toEqual(["expired tcp 0.0.0.0:80"]);
    expect(verdicts(hidden(), [expired, "name: b, port: 80, user: root"]))
      .toEqual(["undecidable tcp 0.0.0.0:80"]);
    expect(verdicts(web(), [expired, "name: b, port: 80, user: root"]))
      .toEqual(["ok tcp 0.0.0.0:80"]);
  });

  test("ports that the kernel picked for one program are one service, and all are told", () => {
    const ports = [40003, 40001, 40002];
    const document = (order: readonly number[]) =>
      snapshot(order.map((port) => socket("0.0.0.0", port)));
    const [result, ...more] = judge(document(ports), []).results;
    expect(more).toEqual([]);
    expect(result).toMatchObject({
      endpoint: "tcp 0.0.0.0:40001",
      evidence: ["the same goes for tcp 0.0.0.0:40002, tcp 0.0.0.0:40003"],
    });
    expect(judge(document(ports.toSorted()), []).results).toEqual([result!]);
  });

  test("unix sockets are checked when the policy says so", () => {
    const unix = snapshot([socket("", 0, {
      family: "unix",
      transport: "stream",
      state: "listen",
      local: { path: "/run/app.sock" },
    })]);
    expect(verdicts(unix, [])).toEqual([]);
    expect(verdicts(unix, [], "{ check: [unix] }")).toEqual(["surplus unix-stream /run/app.sock"]);
    expect(verdicts(unix, ["path: /run/*.sock"], "{ check: [unix] }")).toEqual([
      "ok unix-stream /run/app.sock",
    ]);
  });
});

describe("initialPolicy()", () => {
  const host = snapshot([
    socket("0.0.0.0", 22, {
      owners: [owner({ unit: "ssh.service", exe: "/usr/sbin/sshd", comm: "sshd" })],
    }),
    socket("::", 80, { owners: [owner(), owner({ pid: 5, user: "www-data", uid: 33 })] }),
    socket("127.0.0.1", 40123),
    socket("0.0.0.0", 2049, { ownership: "kernel", owners: [] }),
    socket("10.0.0.1", 9000, { ownership: "hidden", owners: [] }),
    socket("0.0.0.0", 53, { transport: "udp", owners: [owner({ unit: "session-4.scope" })] }),
    socket("0.0.0.0", 44444, { transport: "udp" }),
    socket("0.0.0.0", 80, { netns: { inode: 77, name: "blue" } }),
    socket("0.0.0.0", 1, { transport: "raw", protocol: 1 }),
    socket("", 0, {
      family: "packet",
      transport: "packet",
      state: "close",
      local: { ethertype: 3, interface: "eth0" },
    }),
    socket("", 0, {
      family: "unix",
      transport: "stream",
      state: "listen",
      local: { path: "/run/a b/100.sock" },
    }),
  ], [PROCESSES_GAP]);

  test("allows exactly what is there", () => {
    for (const unix of [false, true]) {
      const text = initialPolicy(host, unix);
      const report = evaluate(host, readPolicy(text, "p.yaml"));
      expect(report.results.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
      expect(report.outcome).toBe("compliant");
      expect(report.unused).toEqual([]);
      const more = snapshot([...host.sockets, socket("0.0.0.0", 23)]);
      expect(evaluate(more, readPolicy(text, "p.yaml")).outcome).toBe("violation");
    }
  });

  test("reads the same in another library, whatever is in names", () => {
    const odd = [
      "# x",
      "a: b",
      "- a",
      "'\"",
      "*",
      "=",
      "yes",
      "1.5",
      "~",
      "a\nb",
      "\u00a0",
      "[",
    ];
    const document = snapshot(odd.map((name, i) =>
      socket("0.0.0.0", 100 + i, {
        owners: [owner({ exe: name, unit: `${name}.service`, user: name })],
      })
    ));
    const text = initialPolicy(document, false);
    expect(plain(parseTree(text, "p.yaml"))).toEqual(parse(text));
    expect(readPolicy(text, "p.yaml").entries.map(({ exes }) => exes![0]).sort())
      .toEqual(odd.sort());
  });

  test("is grouped and commented", () => {
    const text = initialPolicy(host, false);
    expect(text).toContain("# --- ssh.service ---");
    expect(text).toContain("# --- held by the kernel ---");
    expect(text).toContain("Not every owner could be read, so any is allowed");
    expect(text).toContain("Not everything could be read: 3 processes could not be read");
    expect(text).toMatch(/# fail or accept/);
  });

  test("is in the order of ports as numbers", () => {
    const text = initialPolicy(
      snapshot([8080, 443, 80].map((port) => socket("10.0.0.1", port))),
      false,
    );
    expect([...text.matchAll(/port: (\d+)/g)].map(([, port]) => port)).toEqual([
      "80",
      "443",
      "8080",
    ]);
  });

  test("is compliant at once where a part could not be seen, and says so", () => {
    const table = (name: string) => ({
      kind: "table",
      table: name,
      reason: `${name} could not be read`,
    });
    const netns = { kind: "netns", reason: "3 namespaces could not be read", denied: 3 };
    const partial = snapshot([socket("0.0.0.0", 80)], [table("vsock"), netns, netns]);
    const text = initialPolicy(partial, false);
    expect(text).toMatch(/unseen_parts: accept # Review: some could not be read/);
    // Each once, and nothing about kinds of socket that are not checked.
    expect(text.match(/Not everything could be read: .*/g)).toEqual([
      "Not everything could be read: 3 namespaces could not be read.",
    ]);
    const outcome = (policy: string) => evaluate(partial, readPolicy(policy, "p.yaml")).outcome;
    expect(outcome(text)).toBe("compliant");
    expect(outcome(text.replace("unseen_parts: accept", "unseen_parts: undecidable")))
      .toBe("undecidable");
    expect(initialPolicy(snapshot([socket("0.0.0.0", 80)], [table("vsock")]), false))
      .toMatch(/unseen_parts: undecidable # undecidable or accept/);
  });

  test("says where one of several sockets hides its holder, and allows what is drawn", () => {
    const unix = (name: string) =>
      socket("", 0, { family: "unix", transport: "stream", state: "listen", local: { name } });
    const document = snapshot([
      socket("0.0.0.0", 80),
      socket("0.0.0.0", 80, { ownership: "hidden", owners: [] }),
      unix("/tmp/dbus-AbC123xyZ0"),
    ]);
    const text = initialPolicy(document, true);
    expect(text).toMatch(
      /# Not every owner could be read.*\n {2}# Review: .*\n {2}- name: nginx-tcp-80/,
    );
    expect(text).toContain('path: "@/tmp/dbus-*"');
    const policy = readPolicy(text, "p.yaml");
    expect(evaluate(document, policy).outcome).toBe("compliant");
    expect(evaluate(snapshot([unix("/tmp/dbus-zzzzzzzzzz")]), policy).outcome).toBe("compliant");
  });

  test("nothing that a process is called ends a comment or becomes a key", () => {
    const hostile = "x\nlisteners: []\n# \u001b[31m'\"";
    const document = snapshot([
      socket("0.0.0.0", 80, {
        owners: [owner({ exe: hostile, unit: hostile, user: hostile, comm: hostile })],
      }),
    ]);
    const text = initialPolicy(document, false);
    expect(evaluate(document, readPolicy(text, "p.yaml")).outcome).toBe("compliant");
    // deno-lint-ignore no-control-regex
    expect(text).not.toMatch(/\x1b/);
  });
});

describe("explainService()", () => {
  const document = snapshot([
    socket("0.0.0.0", 80),
    socket("0.0.0.0", 40001, { transport: "udp" }),
  ]);
  const policy = readPolicy(
    `${HEAD}listeners:\n  - { name: far, transport: udp, port: 99, netns: container }\n  - { name: near, transport: tcp, port: 81 }\n`,
    "p.yaml",
  );
  const report = evaluate(document, policy);
  const about = (wanted: string) =>
    explainService(wanted, document, policy, report).map((one) => explanationText(one, policy))
      .join("");

  test("says which entry came nearest and why it did not match", () => {
    const { id } = report.results[0]!;
    expect(about(id)).toBe(
      [
        "tcp 0.0.0.0:80: not allowed: no entry allows it",
        "No entry matches it. The closest are:",
        "  p.yaml:4: near: does not match",
        "    port is 80, the entry wants 81",
        "  p.yaml:3: far: does not match",
        "    transport is tcp, the entry wants udp",
        "    port is 80, the entry wants 99",
        "    netns is host, the entry wants container",
        "",
      ].join("\n"),
    );
    expect(about("tcp 0.0.0.0:80")).toBe(about(id));
    expect(about(id.slice(0, 6))).toBe(about(id));
  });

  test("says why a UDP client is not judged", () => {
    expect(about("udp 0.0.0.0:40001")).toMatch(/not judged: UDP clients .* are counted together/);
  });

  test("says nothing of what is not there", () => {
    expect(about("tcp 0.0.0.0:9")).toBe("");
  });
});
