import { expect, test } from "bun:test";
import { completion } from "../../../src/cli/completion/words.ts";
import type { DocumentedFlag } from "../../../src/cli/flag.ts";
import type { HelpPage } from "../../../src/cli/help.ts";
import type { CommandPage } from "../../../src/cli/pages.ts";

const flag = (some: object) => ({ group: "Other", help: "some help", ...some }) as DocumentedFlag;

function page(flags: readonly DocumentedFlag[], words?: HelpPage["arguments"]): HelpPage {
  return {
    usage: "x",
    intro: "x",
    flags,
    exit: "x",
    ...words === undefined ? {} : { arguments: words },
  };
}

test("a flag is completed by all its spellings", () => {
  const { list } = completion(
    page([flag({ short: "t", long: "tcp" }), flag({ short: "0" }), flag({ long: "json" })]),
    [],
  );
  expect(list.name).toBe("");
  expect(list.flags.map(({ names }) => names)).toEqual([["-t", "--tcp"], ["-0"], ["--json"]]);
  expect(list.flags[0]).toMatchObject({
    value: { kind: "none" },
    valueName: null,
    help: "some help",
  });
});

test("a value is one of the flag's choices, a list of words, a file, or anything", () => {
  const { list } = completion(
    page([
      flag({ long: "color", value: "WHEN", choices: ["auto", "never"] }),
      flag({ long: "state", value: "NAME[,NAME]", list: ["listen", "close"] }),
      flag({ long: "replay", value: "FILE" }),
      flag({ long: "pid", value: "N[,N]" }),
    ]),
    [],
  );
  expect(list.flags.map(({ value }) => value)).toEqual([
    { kind: "words", words: ["auto", "never"] },
    { kind: "list", words: ["listen", "close"] },
    { kind: "files" },
    { kind: "any" },
  ]);
  expect(list.flags.map(({ valueName }) => valueName))
    .toEqual(["WHEN", "NAME[,NAME]", "FILE", "N[,N]"]);
});

test("what stands without a flag is what the command's page says", () => {
  const command = (name: string, words?: HelpPage["arguments"]) =>
    ({ name, summary: `about ${name}`, page: page([], words) }) as CommandPage;
  const { commands } = completion(page([]), [
    command("diff", "files"),
    command("completion", ["bash", "zsh"]),
    command("explain"),
  ]);
  expect(commands.map((one) => one.arguments)).toEqual([
    { kind: "files" },
    { kind: "words", words: ["bash", "zsh"] },
    { kind: "any" },
  ]);
  expect(commands.map(({ summary }) => summary))
    .toEqual(["about diff", "about completion", "about explain"]);
});
