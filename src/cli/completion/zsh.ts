/**
 * The completion script for zsh, which uses `_arguments`. It is put on `fpath` as `_sockeye`, or sourced.
 *
 * @module
 */
import { HOST_COMMANDS, HOST_WORDS } from "./host_words.ts";
import type { CommandWords, Completion, FlagWords, Values } from "./words.ts";

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
/** Escapes brackets and colons, which have a meaning inside a specification. */
const plain = (text: string): string => text.replace(/[\\:[\]]/g, "\\$&");

function action(value: Values): string {
  switch (value.kind) {
    case "words":
      return `(${value.words.join(" ")})`;
    case "list":
      return `_values -s , value ${value.words.join(" ")}`;
    case "host":
      return `_sockeye_host_values ${value.what}`;
    case "files":
      return "_files";
    default:
      return " ";
  }
}

function specification({ names, value, valueName, help }: FlagWords): string[] {
  return names.map((name) => {
    if (value.kind === "none") return quote(`*${name}[${plain(help)}]`);
    const form = name.startsWith("--") ? `${name}=` : `${name}+`;
    return quote(`*${form}[${plain(help)}]:${plain(valueName ?? "value")}:${action(value)}`);
  });
}

function body({ flags, arguments: positional }: CommandWords): string[] {
  return [
    ...flags.flatMap(specification),
    quote(`*:${positional.kind === "files" ? "file" : "argument"}:${action(positional)}`),
  ];
}

/** Makes the script. */
export function zshScript({ list, commands }: Completion): string {
  const arms = commands.map((command) =>
    `    ${command.name})\n      _arguments -s -S \\\n${
      body(command).map((line) => `        ${line}`).join(" \\\n")
    }\n      ;;\n`
  ).join("");
  const described = commands.map(({ name, summary }) =>
    `    ${quote(`${plain(name)}:${summary}`)}`
  );
  return `#compdef sockeye
# zsh completion for sockeye, made by: sockeye completion zsh

_sockeye_host() { # WHAT
  case $1 in
${HOST_WORDS.map((what) => `    ${what}) ${HOST_COMMANDS[what]} ;;`).join("\n")}
  esac
}

_sockeye_host_values() { # WHAT
  local -a words
  words=(\${(f)"$(_sockeye_host $1)"})
  _values -s , value $words
}

_sockeye_first() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  _describe command commands
}

_sockeye() {
  # A command is a command in the first place only; what is before the cursor decides.
  local command=
  if (( CURRENT > 2 )); then
    command=$words[2]
  fi
  case $command in
    ${commands.map(({ name }) => name).join("|")})
      shift words
      (( CURRENT-- ))
      ;;
    *) command= ;;
  esac
  case $command in
${arms}    *)
      _arguments -s -S \\
${list.flags.flatMap(specification).map((line) => `        ${line}`).join(" \\\n")} \\
        '1:command:_sockeye_first' \\
        ${quote(`*:filter:${action(list.arguments)}`)}
      ;;
  esac
}

if [ "$funcstack[1]" = _sockeye ]; then
  _sockeye "$@"
else
  compdef _sockeye sockeye
fi
`;
}
