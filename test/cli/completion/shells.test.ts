/** The scripts in the shells themselves: loaded, and asked what they offer. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { completionScript, SHELLS } from "../../../src/cli/completion/mod.ts";
import { COMMANDS } from "../../../src/program.ts";
import { pythonReason } from "../../support/factory.ts";
import { testIf } from "../../support/skip.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sockeye-completion-"));
  for (const shell of SHELLS) {
    // zsh wants the name of the function as the name of the file.
    const name = shell === "zsh" ? "_sockeye" : shell;
    writeFileSync(join(folder, name), await completionScript(shell, COMMANDS));
  }
  writeFileSync(join(folder, "policy.yaml"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

const missing = (shell: string) =>
  Bun.which(shell) === null ? `there is no ${shell} program` : null;

function output(command: string[], env: Record<string, string> = {}): string {
  const run = Bun.spawnSync(command, {
    cwd: folder,
    stdin: "ignore",
    env: { PATH: process.env.PATH ?? "", HOME: folder, TERM: "dumb", ...env },
  });
  expect(run.stderr.toString()).toBe("");
  return run.stdout.toString();
}

/** Words before the cursor, the last one being written → what is offered. */
const CASES: readonly (readonly [words: string[], has: string[], hasNot: string[]])[] = [
  [["exp"], ["explain"], ["audit"]],
  [["comp"], ["completion"], []],
  [["completion", "z"], ["zsh"], ["bash", "fish"]],
  [["--li"], ["--listening"], ["--all"]],
  [["-a", "--js"], ["--json"], []],
  [["--color", "a"], ["auto", "always"], ["never"]],
  [["audit", "--f"], ["--fail-on", "--format"], ["--family"]],
  [["audit", "--policy", "pol"], ["policy.yaml"], []],
  [["diff", "pol"], ["policy.yaml"], []],
  [["--user", "roo"], ["root"], ["nobody"]],
  [["-o", "rea"], ["reach"], ["port"]],
  [["-a", "spor"], ["sport"], ["dport"]],
  [["--process", "b"], ["bun"], ["root"]],
  [["ss", "--nu"], ["--numeric"], ["--ndjson"]],
  [["netstat", "--all-o"], ["--all-owners"], []],
];

describe("bash", () => {
  function bash(...words: string[]): string[] {
    return output([
      "bash",
      "--norc",
      "-c",
      `source ./bash; COMP_WORDS=(sockeye "$@"); COMP_CWORD=$#; _sockeye; printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ]).split("\n").filter((line) => line !== "");
  }

  for (const [words, has, hasNot] of CASES) {
    testIf(missing("bash"), `completes sockeye ${words.join(" ")}`, () => {
      const offered = bash(...words);
      expect(offered).toEqual(expect.arrayContaining([...has]));
      for (const word of hasNot) expect(offered).not.toContain(word);
    });
  }

  testIf(missing("bash"), "completes the last name of a list, and a value behind =", () => {
    expect(bash("--state", "established,time")).toEqual(["established,time-wait"]);
    expect(bash("--color", "=", "ne")).toEqual(["never"]);
    expect(bash("--color", "=")).toEqual(["auto", "always", "never"]);
  });

  testIf(
    missing("bash") ?? pythonReason(),
    "offers no name of a process that a shell would run",
    async () => {
      // PR_SET_NAME
      const rename =
        "import ctypes, sys; ctypes.CDLL(None).prctl(15, b'a$(touch x)'); print(1, flush=True); sys.stdin.read()";
      const child = Bun.spawn(["python3", "-c", rename], { stdin: "pipe", stdout: "pipe" });
      try {
        await child.stdout.getReader().read();
        expect(readFileSync(`/proc/${child.pid}/comm`, "utf8")).toBe("a$(touch x)\n");
        expect(bash("--process", "a$").concat(bash("--process", "a")).join()).not.toContain(
          "touch",
        );
      } finally {
        child.stdin.end();
        await child.exited;
      }
    },
  );

  testIf(missing("bash"), "takes a command for one in the first place only", () => {
    expect(bash("-a", "audit", "--pol")).toEqual([]);
    expect(bash("--process", "audit", "--ndj")).toEqual(["--ndjson"]);
  });
});

describe("fish", () => {
  for (const [words, has, hasNot] of CASES) {
    testIf(missing("fish"), `completes sockeye ${words.join(" ")}`, () => {
      const offered = output([
        "fish",
        "--no-config",
        "-c",
        `source ./fish; complete -C "sockeye $TYPED"`,
      ], { TYPED: words.join(" ") }).split("\n").map((line) => line.split("\t")[0]!);
      expect(offered).toEqual(expect.arrayContaining([...has]));
      for (const word of hasNot) expect(offered).not.toContain(word);
    });
  }
});

describe("zsh", () => {
  /** Types lines into one interactive zsh, presses tab after each, and gives the lines they became. */
  function zsh(typed: readonly string[]): string[] {
    const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2= RPS1=; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D; stty cols 200; print READY-$((1+1))'
text=
while [[ $text != *READY-2* ]]; do zpty -r shell line || exit 3; text+=$line; done
for typed in "$@"; do
  zpty -w -n shell "sockeye $typed"$'\\t'
  sleep 0.2
  zpty -w shell ' DONE'
  text=
  while [[ $text != *DONE* ]]; do zpty -r shell line || exit 4; text+=$line; done
  print -rn -- "$text"$'\\0'
done
zpty -d shell`;
    return Bun.stripANSI(output(["zsh", "-f", "-c", script, "zsh", ...typed])).split("\0");
  }

  const LINES = [
    ["--expl", "--explain-filter "],
    ["--listenin", "--listening "],
    ["expla", "explain "],
    ["completion z", "zsh "],
    ["--color nev", "never "],
    ["audit --policy pol", "policy.yaml "],
    ["netstat --all-ow", "--all-owners "],
    ["--state time", "time-wait"],
  ] as const;
  testIf(missing("zsh"), "completes commands, flags and values", () => {
    const became = zsh(LINES.map(([typed]) => typed));
    LINES.forEach(([, expected], i) => expect(became[i]).toContain(expected));
  });
});
