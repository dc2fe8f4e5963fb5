/**
 * The completion script for fish.
 *
 * @module
 */
import { HOST_COMMANDS, HOST_WORDS } from "./host_words.ts";
import type { CommandWords, Completion, Values } from "./words.ts";

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function value(value: Values): string {
  switch (value.kind) {
    case "none":
      return "";
    case "files":
      return " -r -F";
    case "any":
      return " -x";
    case "words":
      return ` -x -a ${quote(value.words.join(" "))}`;
    case "host":
      return ` -x -a ${quote(`(__fish_append , (__sockeye_host ${value.what}))`)}`;
    case "list":
      return ` -x -a ${quote(`(__fish_append , ${value.words.join(" ")})`)}`;
  }
}

function lines({ name, flags, arguments: positional }: CommandWords): string[] {
  const condition = name === "" ? "__sockeye_list" : `__sockeye_command ${name}`;
  const start = `complete -c sockeye -n ${quote(condition)}`;
  const all = flags.map((flag) => {
    const names = flag.names.map((name) =>
      name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`
    ).join("");
    return `${start}${names}${value(flag.value)} -d ${quote(flag.help)}`;
  });
  if (positional.kind === "files") all.push(`${start} -F`);
  if (positional.kind === "host") {
    all.push(`${start} -a ${quote(`(__sockeye_host ${positional.what})`)}`);
  }
  if (positional.kind === "words") all.push(`${start} -a ${quote(positional.words.join(" "))}`);
  return all;
}

/** Makes the script. */
export function fishScript({ list, commands }: Completion): string {
  const names = commands.map(({ name }) => name).join(" ");
  return `# fish completion for sockeye, made by: sockeye completion fish

function __sockeye_host --description 'What of this kind the host has'
    switch $argv[1]
${
    HOST_WORDS.map((what) =>
      `        case ${what}\n            sh -c ${quote(HOST_COMMANDS[what])}`
    ).join("\n")
  }
    end
end

function __sockeye_command --description 'Whether the first word is this command'
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

function __sockeye_list --description 'Whether the first word is no command'
    set -l words (commandline -opc)
    not begin
        test (count $words) -gt 1; and contains -- $words[2] ${names}
    end
end

function __sockeye_first --description 'Whether the first word is being written'
    test (count (commandline -opc)) -eq 1
end

complete -c sockeye -f
${
    commands.map(({ name, summary }) =>
      `complete -c sockeye -n __sockeye_first -a ${name} -d ${quote(summary)}`
    ).join("\n")
  }
${[list, ...commands].flatMap(lines).join("\n")}
`;
}
