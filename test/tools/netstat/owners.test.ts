import { describe, expect, test } from "bun:test";
import { NetstatOwners, programName } from "../../../src/tools/netstat/owners.ts";
import { Diagnostics } from "../../../src/diagnostics.ts";
import { ProcRoot } from "../../../src/proc/root.ts";
import { procTree, statFile } from "../../support/proc_tree.ts";

const name = (cmdline: string) => programName(new TextEncoder().encode(cmdline));

describe("programName()", () => {
  test("is the first argument, after the last slash of a path from the root", () => {
    expect(name("/usr/sbin/sshd\0-D\0")).toBe("sshd");
    expect(name("./rel/path/pr\0")).toBe("./rel/path/pr");
    expect(name("nginx: master process /usr/sbin/nginx")).toBe(
      "nginx: master process /usr/sbin/nginx",
    );
    expect(name("/usr/bin/x y/z w\0")).toBe("z w");
    expect(name("")).toBe("");
  });

  test("has a dot for every byte that is not printable ASCII", () => {
    expect(name("a\x1b]52;c;x\x07\n\u00e9")).toBe("a.]52;c;x....");
  });
});

describe("NetstatOwners", () => {
  const tree = {
    "20/stat": statFile(20, "late"),
    "20/cmdline": "/opt/late-with-a-very-long-name\0",
    "20/fd/3": { link: "socket:[7]" },
    "20/fd/4": { link: "socket:[8]" },
    "3/stat": statFile(3, "early"),
    "3/cmdline": "early\0",
    "3/fd/9": { link: "socket:[7]" },
    "3/fd/10": { link: "socket:[7]" },
    "5/stat": statFile(5, "gone"),
    "5/fd/0": { link: "socket:[8]" },
    "5/fd/1": { link: "/dev/null" },
  };

  test("names the lowest process that can be named, in 19 characters", () => {
    using proc = procTree(tree);
    const owners = new NetstatOwners(new ProcRoot(proc.path), false, new Diagnostics());
    expect(owners.label(7)).toBe("3/early");
    // 5 is lower, but its command line is gone.
    expect(owners.label(8)).toBe("20/late-with-a-very");
    expect(owners.label(9)).toBe("-");
    expect(owners.label(0)).toBe("-");
    expect(owners.warning(0)).toBeNull();
  });

  test("names all in full, each once, when all are wanted", () => {
    using proc = procTree(tree);
    const owners = new NetstatOwners(new ProcRoot(proc.path), true, new Diagnostics());
    expect(owners.label(7)).toBe("3/early,20/late-with-a-very-long-name");
  });
});
