/**
 * Random argument lists for a scene.
 *
 * @module
 */
import { type ArgumentList, words } from "./argument_list.ts";
import type { Tool } from "./documented.ts";
import { type Everything, OTHER_NAMESPACE } from "./everything.ts";
import { type Grammar, sentence, spoil } from "./grammar.ts";
import { LSOF } from "./lsof_grammar.ts";
import { NETSTAT } from "./netstat_grammar.ts";
import { Random } from "./random.ts";
import { SS } from "./ss_grammar.ts";

const GRAMMARS: Readonly<Record<Tool, Grammar>> = { ss: SS, netstat: NETSTAT, lsof: LSOF };

/** Widths of terminals: narrower than any row, usual ones and their neighbours, wider than any row. */
const WIDTHS = [20, 40, 79, 80, 81, 100, 132, 200, 400];

const SPOILT = 0.08;
const AS_NOBODY = 0.25;
const ON_TERMINAL = 0.25;

/** The lists of one seed. */
export interface Lists {
  /** The list with this number: always the same one in the same scene. */
  at(index: number): ArgumentList;
}

/** What grammars take from the scene. */
export type World = Readonly<
  Record<
    | "known-port"
    | "group"
    | "process"
    | "namespace"
    | "folder"
    | "filter-file"
    | "dump"
    | "tree"
    | "tree",
    readonly string[]
  >
>;

/** What there is to ask for. */
function worldOf(scene: Everything, folder: string): World {
  const ports = scene.sockets.map(({ local }) => local?.port ?? 0).filter((port) => port > 0);
  const groups = scene.facts("in_cgroup").map(({ path }) => String(path));
  return {
    "known-port": [...new Set(ports)].map(String),
    group: groups.length > 0 ? groups : ["/sys/fs/cgroup/nosuch"],
    process: scene.processes.map(String),
    namespace: [OTHER_NAMESPACE],
    folder: [folder],
    "filter-file": [`${folder}/filter`],
    dump: [`${folder}/tcp.dump`],
    tree: [`${folder}/tree`],
  };
}

/** The lists of a seed over a scene. */
export function randomLists(tool: Tool, seed: number, scene: Everything, folder: string): Lists {
  return listsOf(tool, seed, worldOf(scene, folder));
}

/** The lists of a seed, where the scene is known. */
export function listsOf(tool: Tool, seed: number, world: World): Lists {
  const grammar: Grammar = { ...GRAMMARS[tool], ...world };
  return {
    at(index) {
      const random = new Random(seed, index);
      let args = words(sentence(grammar, "line", random));
      const env: Record<string, string> = {};
      while (/^[A-Z_]+=/.test(args[0] ?? "")) {
        const [name, ...value] = args.shift()!.split("=");
        env[name!] = value.join("=");
      }
      if (random.chance(SPOILT)) args = spoil(args, random);
      return {
        args,
        ...Object.keys(env).length === 0 ? {} : { env },
        ...random.chance(AS_NOBODY) ? { as: "nobody" as const } : {},
        ...random.chance(ON_TERMINAL) ? { columns: random.pick(WIDTHS) } : {},
      };
    },
  };
}
