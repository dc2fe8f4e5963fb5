/**
 * The recipes of docs/recipes.md: their commands are run on a host that is made for them, on a terminal of 80 columns.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.ts";
import { SOCKEYE } from "./sockeye.ts";

const support = fileURLToPath(new URL(".", import.meta.url));

/** A block of a document: a command after `$ `, and what it shows. */
const BLOCK = /^```text\n\$ ([^\n]*)\n([^]*?)^```$/gm;

/** A command, and the screen that stands below it. */
export interface Recipe {
  readonly command: string;
  readonly screen: string;
}

/** The recipes of a document, in order. */
export function recipesIn(text: string): Recipe[] {
  return [...text.matchAll(BLOCK)].map(([, command, screen]) => ({
    command: command!,
    screen: screen!,
  }));
}

/** The document with these screens in place of its own. */
export function withScreens(text: string, screens: readonly string[]): string {
  let i = 0;
  return text.replace(
    BLOCK,
    (_, command: string) => `\`\`\`text\n$ ${command}\n${screens[i++]}\`\`\``,
  );
}

/** What is told of the host that runs the scene, and is no part of it. */
const GAP = /^sockeye: (processes outside this PID namespace|\d+ process(es)? could not) .*\n/gm;

/**
 * Runs the commands one after another on one host. `ssh HOST COMMAND` runs the command here. Returns what stood on the terminal
 * after each.
 *
 * @throws {Error} If the host cannot be made.
 */
export async function screensOf(commands: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-recipes-"));
  try {
    writeFileSync(join(folder, "ssh"), '#!/bin/sh\nshift\nexec sh -c "$*"\n', { mode: 0o755 });
    for (const [i, command] of commands.entries()) writeFileSync(join(folder, `${i}.sh`), command);
    // The first process of a PID namespace takes everybody with it when it ends.
    const script = `coproc scene { exec python3 "${support}/recipes_scene.py"; }
      read -r ready <&"\${scene[0]}" && [ "$ready" = ready ] || exit 1
      cd ${folder}
      for ((i = 0; i < ${commands.length}; i++)); do
        python3 "${support}/on_terminal.py" 80 bash $i.sh > $i.out 2>&1
      done
      for ((i = 0; i < ${commands.length}; i++)); do cat $i.out; printf '\\0'; done`;
    const { stdout, stderr, status } = await run([
      ...["unshare", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["bash", "-c", script],
    ], {
      env: {
        PATH: `${folder}:${dirname(SOCKEYE)}:${process.env.PATH}`,
        NO_COLOR: "1",
        TZ: "UTC",
      },
      timeoutMs: 300_000,
    });
    const screens = new TextDecoder().decode(stdout).split("\0");
    if (status !== 0 || screens.length !== commands.length + 1) {
      throw new Error(`The host of the recipes ended with ${status}: ${stderr}`);
    }
    return screens.slice(0, -1).map((screen) =>
      screen.replaceAll("\r", "").replaceAll(GAP, "").replaceAll(folder, "/home/you")
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
