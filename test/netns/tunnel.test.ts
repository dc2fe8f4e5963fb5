/** The UDP port of a tunnel, which the kernel opens itself: nobody holds it, and the device says so to every user. */
import { expect } from "bun:test";
import { namespaceReason, withNamespace } from "../support/netns.ts";
import { firstReason, skip, testIf } from "../support/skip.ts";
import { sockeye } from "../support/sockeye.ts";

const reason = firstReason(
  namespaceReason(),
  Bun.which("setpriv") !== null && process.getuid?.() === 0 ? null : "setpriv as root is needed",
);

testIf(
  reason,
  "explain names the device of a tunnel's port, with or without a full look",
  async () => {
    await withNamespace(async (netns) => {
      const ip = (...words: string[]) => netns.run(["ip", "link", ...words]);
      await ip("add", "v0", "type", "veth", "peer", "name", "v1");
      const words = ["vx0", "type", "vxlan", "id", "5", "dstport", "4789", "dev", "v0"];
      if ((await ip("add", ...words)).status !== 0) return skip("this kernel has no VXLAN");
      await ip("set", "vx0", "up");
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      for (const before of [[], nobody]) {
        const { status, stdout } = sockeye(["udp/4789"], { netns, before });
        expect([before, status]).toEqual([before, 0]);
        expect(stdout).toContain("the kernel itself: vx0 is a vxlan with this port");
        const { stdout: text } = sockeye(["udp/4789", "--json"], { netns, before });
        expect(JSON.parse(text).explanations[0].subjects[0].tunnel).toEqual({
          name: "vx0",
          kind: "vxlan",
        });
      }
    });
  },
);
