import { describe, expect, test } from "bun:test";
import type { Checkup } from "../../src/model/checkup.ts";
import { writeCheckup, writeCheckupJson } from "../../src/views/doctor.ts";
import { expectValid } from "../support/sockeye.ts";
import { textWriter } from "../support/text_writer.ts";

const EVERYTHING: Checkup = {
  host: "web1",
  kernel: "6.18.0",
  user: { uid: 0, name: "root" },
  capabilities: [
    { name: "CAP_SYS_PTRACE", held: true, use: "owners" },
    { name: "CAP_BPF", held: false, use: "BPF" },
    { name: "CAP_PERFMON", held: null, use: "BPF" },
  ],
  pidNamespace: false,
  hidepid: null,
  processes: { seen: 120, denied: 0 },
  btf: { usable: true, reason: null },
  bpf: { usable: true, reason: null },
  watch: { usable: true, reason: null },
  cgroup: "v2",
  tables: [
    { label: "tcp over IPv4", source: "netlink", reason: null },
    { label: "tcp over IPv6", source: "netlink", reason: null },
    { label: "tipc", source: "absent", reason: null },
  ],
  features: [
    { group: "calls", name: "statx()", usable: true, reason: null, without: "an older call" },
    { group: "watch", name: "hooks", usable: true, reason: null, without: "by looking" },
  ],
  addresses: { usable: true, reason: null },
  namespaces: [{ netns: { inode: 1000, name: null }, own: true, enterable: true }],
  namespacesUnread: 0,
  unread: [],
  advice: [],
};

function lines(checkup: Partial<Checkup>, width: number | null = null): string[] {
  const { writer, text } = textWriter();
  writeCheckup({ ...EVERYTHING, ...checkup }, writer, { width, color: false });
  return text().trimEnd().split("\n");
}
/** The lines that begin with a label, and those below it without one. */
function under(label: string, all: readonly string[]): string[] {
  const at = all.findIndex((line) => line.startsWith(label));
  const next = all.findIndex((line, i) => i > at && !line.startsWith(" "));
  return all.slice(at, next < 0 ? undefined : next).map((line) => line.slice(14));
}

describe("writeCheckup()", () => {
  test("tells that everything can be seen only where that is so", () => {
    expect(lines({})).toContain("To see more   nothing: everything can be seen");
    expect(lines({ unread: ["the list of mounts: EIO"] }).join("\n")).not.toContain(
      "everything can be seen",
    );
    expect(under("To see more", lines({ advice: ["Run it as root.", "Mount /sys."] })))
      .toEqual(["Run it as root.", "Mount /sys."]);
  });

  test("begins with a sentence that says whether everything can be seen, and if not what is missing", () => {
    expect(lines({})[0]).toBe(
      "Summary       Sockeye can see every socket of this host and every process that has one",
    );
    // Without BPF it takes longer, and nothing is missing.
    expect(lines({ bpf: { usable: false, reason: "CAP_BPF is missing" } })[0]).toBe(lines({})[0]!);
    const all: [Partial<Checkup>, string][] = [
      [{ processes: { seen: 5, denied: 3 } }, "3 of 5 processes cannot be read"],
      [
        { user: { uid: 1000, name: null }, hidepid: "2" },
        "other users' processes are hidden",
      ],
      [{ pidNamespace: true }, "processes outside this PID namespace are hidden"],
      [
        { namespaces: [{ netns: { inode: 1, name: null }, own: false, enterable: false }] },
        "1 of 1 network namespace cannot be entered",
      ],
      [{ namespacesUnread: 2 }, "the network namespace of 2 processes cannot be read"],
      [
        { tables: [{ label: "vsock", source: "none", reason: "no diag module" }] },
        "no way to list vsock",
      ],
      [{ addresses: { usable: false, reason: "EPERM" } }, "addresses cannot be read"],
      [{ unread: ["the list of mounts: EIO"] }, "1 thing could not be examined"],
    ];
    for (const [checkup, said] of all) {
      expect(lines(checkup)[0]).toStartWith(
        `Summary       Sockeye cannot see everything here: ${said}`,
      );
    }
    expect(lines(Object.assign({}, ...all.map(([checkup]) => checkup)))[0]!.split("; "))
      .toHaveLength(all.length);
  });

  test("tells capabilities that are held, missing and not known apart", () => {
    expect(under("Capabilities", lines({})).map((line) => line.split(/ +/).slice(0, 2))).toEqual([
      ["yes", "CAP_SYS_PTRACE"],
      ["no", "CAP_BPF"],
      ["unknown", "CAP_PERFMON"],
    ]);
  });

  test("tables with the same result share a line", () => {
    expect(under("Sockets", lines({})).map((line) => line.trim())).toEqual([
      "netlink tcp over IPv4, tcp over IPv6",
      "absent  tipc",
    ]);
  });

  test("says of the kernel what works, and what follows where something does not", () => {
    const missing = {
      group: "calls",
      usable: false,
      reason: "ENOSYS",
      without: "it walks",
    } as const;
    const all = lines({
      features: [
        ...EVERYTHING.features,
        { ...missing, name: "openat2()" },
        { ...missing, name: "kcmp()" },
        { ...missing, name: "other()", reason: "EP\x1bERM", without: "it stops" },
      ],
    });
    expect(under("System calls", all)).toEqual([
      "yes     statx()",
      "no      openat2(), kcmp(): ENOSYS; then it walks",
      "no      other(): EP\\x1bERM; then it stops",
    ]);
    expect(under("Watch hooks", all)).toEqual(["yes     hooks"]);
    const loaded = { group: "watch", usable: true, reason: null, without: "" } as const;
    const programs = ["hooks", "sockeye_state", "sockeye_sent"].map((name) => ({
      ...loaded,
      name,
    }));
    expect(under("Watch hooks", lines({ features: programs }))).toEqual([
      "yes     hooks, 2 programs",
    ]);
    expect(all.join("\n")).not.toContain("Firewall");
  });

  test("names what keeps it from seeing", () => {
    const all = lines({
      user: { uid: 1000, name: null },
      processes: { seen: 5, denied: 3 },
      hidepid: "2",
      pidNamespace: true,
      bpf: { usable: false, reason: "CAP_BPF is missing" },
      cgroup: null,
      namespacesUnread: 2,
      namespaces: [
        ...EVERYTHING.namespaces,
        { netns: { inode: 2000, name: "blue" }, own: false, enterable: false },
      ],
    }).join("\n");
    for (
      const part of [
        "? (uid 1000)",
        "5 seen, 3 of them cannot be read, hidepid=2: those of others are hidden, inside a PID namespace",
        "no: CAP_BPF is missing",
        "not mounted",
        "2 network namespaces, 1 cannot be entered; those of 2 processes could not be read",
        "2000  blue  cannot be entered",
      ]
    ) expect(all).toContain(part);
  });

  test("lists twenty namespaces and counts the rest", () => {
    const namespaces = Array.from({ length: 23 }, (_, i) => ({
      netns: { inode: 1000 + i, name: null },
      own: false,
      enterable: true,
    }));
    const listed = under("Namespaces", lines({ namespaces }));
    expect(listed[0]).toBe("23 network namespaces, all can be entered");
    expect(listed).toHaveLength(22);
    expect(listed.at(-1)).toBe("and 3 more");
  });

  test("keeps within the width, and lets no name steer the terminal", () => {
    const advice = ["Run it as root, or give it these capabilities, one after the other, by hand."];
    const all = lines({ advice, host: "a\x1b[2J" }, 40);
    for (const line of all) expect(line.length).toBeLessThanOrEqual(40);
    expect(under("To see more", all).join(" ")).toBe(advice[0]!);
    expect(under("Host", all)[0]).toStartWith("a\\x1b[2J, Linux");
  });
});

test("the JSON is that of the schema", () => {
  const { writer, text } = textWriter();
  writeCheckupJson({ ...EVERYTHING, host: "a\x1b", hidepid: "invisible" }, writer);
  const document = JSON.parse(text());
  expectValid(document);
  expect(document).toMatchObject({ host: "a\x1b", pid_namespace: false, namespaces_unread: 0 });
  expect(text()).not.toContain("\x1b");
});
