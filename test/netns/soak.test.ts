/** Twenty seconds of what ./scripts/soak does for ten minutes. */
import { expect } from "bun:test";
import { fileURLToPath } from "node:url";
import { pythonReason } from "../support/factory.ts";
import { namespaceReason } from "../support/netns.ts";
import { firstReason, testIf } from "../support/skip.ts";

testIf(
  firstReason(namespaceReason(), pythonReason()),
  "while processes and sockets come and go, no owner is named that never held the socket",
  () => {
    const script = fileURLToPath(new URL("../../scripts/soak.ts", import.meta.url));
    const run = Bun.spawnSync([process.execPath, script, "20", "200"], { stdin: "ignore" });
    expect(run.stderr.toString()).toBe("");
    expect(run.exitCode).toBe(0);
    console.log(run.stdout.toString().trim());
  },
  90_000,
);
