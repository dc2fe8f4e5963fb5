/**
 * Makes docs/pictures/screens.svg: the first screen and `explain` as a terminal shows them, on the host of the recipes.
 *
 * The server's script stands in /srv/shop, so that no path of this machine is in the picture. Needs root and Debian's python3.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "../test/support/run.ts";
import { SOCKEYE } from "../test/support/sockeye.ts";

const COMMANDS = ["sockeye", "sockeye 8080"];
const COLUMNS = 84;
const support = fileURLToPath(new URL("../test/support", import.meta.url));

/** Attributes of the SGR parameters that Sockeye uses: text/color.ts. */
const STYLES: Readonly<Record<string, string>> = {
  "1": 'font-weight="bold" fill="#fff"',
  "2": 'fill="#8b949e"',
  "31": 'fill="#ff7b72"',
  "32": 'fill="#7ee787"',
  "33": 'fill="#e3b341"',
  "36": 'fill="#79c0ff"',
};

/** What is told of the machine that makes the picture. */
const GAP = /^.*(processes outside this PID namespace|could not be read).*\n/gm;

const script =
  `mount -t tmpfs none /srv && mkdir -p /srv/shop && cp ${support}/recipes_scene.py /srv/shop/server.py &&
  cd /srv/shop || exit 1
  coproc scene { exec /usr/bin/python3 server.py; }
  read -r ready <&"\${scene[0]}" && [ "$ready" = ready ] || exit 1
  ${
    COMMANDS.map((command) =>
      `/usr/bin/python3 ${support}/on_terminal.py ${COLUMNS} ${
        command.replace("sockeye", SOCKEYE)
      }; printf '\\0'`
    ).join("\n  ")
  }`;
const { stdout, stderr, status } = await run([
  ...["unshare", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"],
  ...["bash", "-c", script],
], { env: { TERM: "xterm", NO_COLOR: "", TZ: "UTC" }, timeoutMs: 120_000 });
if (status === 0 || stdout.length > 0) {
  const screens = new TextDecoder().decode(stdout).replaceAll("\r", "").split("\0").slice(0, -1);
  const lines = screens.flatMap((screen, i) => [
    `\x1b[1m$ ${COMMANDS[i]}\x1b[0m`,
    ...screen.replaceAll(GAP, "").replace(/\n$/, "").split("\n"),
    "",
  ]).slice(0, -1);
  const path = fileURLToPath(new URL("../docs/pictures/screens.svg", import.meta.url));
  writeFileSync(path, picture(lines));
} else throw new Error(stderr);

function picture(lines: readonly string[]): string {
  const [cell, height, margin] = [8.4, 18, 16];
  const text = lines.map((line, i) =>
    `<text x="${margin}" y="${margin + 13 + i * height}">${spans(line)}</text>`
  ).join("\n");
  const size = [COLUMNS * cell + 2 * margin, lines.length * height + 2 * margin];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${
    size[1]
  }" viewBox="0 0 ${size[0]} ${size[1]}">
<!-- Made by scripts/picture.ts. -->
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#e6edf3" xml:space="preserve">
${text}
</g>
</svg>
`;
}

function spans(line: string): string {
  let style = "";
  return line.split(/(\x1b\[[0-9;]*m)/).map((part) => {
    const code = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (code !== null) {
      style = STYLES[code[1]!] ?? "";
      return "";
    }
    const escaped = part.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
      // Blanks beside each other are one to some readers.
      .replaceAll(" ", "\u00a0");
    return style === "" || part === "" ? escaped : `<tspan ${style}>${escaped}</tspan>`;
  }).join("");
}
