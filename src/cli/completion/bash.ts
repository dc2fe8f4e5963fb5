/**
 * The completion script for bash 4.0 and newer. It does not need the bash-completion package.
 *
 * @module
 */
import { HOST_COMMANDS, HOST_WORDS } from "./host_words.ts";
import type { CommandWords, Completion, Values } from "./words.ts";

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** How a value is completed: arguments for the function `_sockeye_value` of the script. */
function kind(value: Values): string {
  switch (value.kind) {
    case "words":
    case "list":
      return `${value.kind} ${value.words.join(" ")}`;
    case "host":
      return `host ${value.what}`;
    default:
      return value.kind;
  }
}

function command({ name, flags, arguments: positional }: CommandWords): string {
  const words = flags.flatMap(({ names }) => names);
  const valued = flags.filter(({ value }) => value.kind !== "none");
  let text = `    ${name === "" ? "''" : name})\n      flags=${quote(words.join(" "))}\n`;
  text += `      positional=${quote(kind(positional))}\n`;
  if (valued.length > 0) {
    text += `      case $flag in\n`;
    for (const { names, value } of valued) {
      text += `        ${names.join("|")}) value=${quote(kind(value))} ;;\n`;
    }
    text += `      esac\n`;
  }
  return `${text}      ;;\n`;
}

/** Makes the script. */
export function bashScript({ list, commands }: Completion): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion for sockeye, made by: sockeye completion bash

_sockeye_host() { # WHAT
  case $1 in
${HOST_WORDS.map((what) => `    ${what}) ${HOST_COMMANDS[what]} ;;`).join("\n")}
  esac
}

_sockeye_value() { # CURRENT KIND [WORD…]
  local current=$1 kind=$2 prefix= word
  shift 2
  case $kind in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current") ;;
    list|host)
      if [[ $kind == host ]]; then
        local -a words
        mapfile -t words < <(_sockeye_host "$1")
        set -- "\${words[@]}"
      fi
      case $current in *,*) prefix=\${current%,*}, ;; esac
      COMPREPLY=()
      for word in "$@"; do
        case $prefix$word in "$current"*) COMPREPLY+=("$prefix$word") ;; esac
      done
      compopt -o nospace 2>/dev/null
      ;;
  esac
}

_sockeye() {
  local current=\${COMP_WORDS[COMP_CWORD]} flag= command= flags= positional=any value=
  COMPREPLY=()
  # bash cuts --flag=value into three words.
  if [[ $current == = ]]; then
    current= flag=\${COMP_WORDS[COMP_CWORD-1]}
  elif (( COMP_CWORD > 1 )) && [[ \${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD-2]}
  elif (( COMP_CWORD > 1 )); then
    flag=\${COMP_WORDS[COMP_CWORD-1]}
  fi
  # A command is a command in the first place only.
  if (( COMP_CWORD > 1 )); then
    case \${COMP_WORDS[1]} in
      ${names.join("|")}) command=\${COMP_WORDS[1]} ;;
    esac
  fi
  case $command in
${[list, ...commands].map(command).join("")}  esac
  if [[ -n $value ]]; then
    # shellcheck disable=SC2086
    _sockeye_value "$current" $value
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
  elif (( COMP_CWORD == 1 )); then
    mapfile -t COMPREPLY < <(compgen -W ${quote(names.join(" "))} -- "$current")
  else
    # shellcheck disable=SC2086
    _sockeye_value "$current" $positional
  fi
}

complete -F _sockeye sockeye
`;
}
