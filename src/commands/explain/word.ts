/**
 * Words: what a bare word names on this host. `nginx` is a program, `docker` a unit, `web` a container, `http` a service.
 *
 * @module
 */
import { Services } from "../../etc/services.ts";
import { Users } from "../../etc/users.ts";
import { ContainerFinder } from "../../origin/container_finder.ts";
import { Processes } from "../../origin/processes.ts";
import { ProcRoot } from "../../proc/root.ts";
import { DescriptorScanner } from "../../proc/scan.ts";
import { processIsCalled } from "../../snapshot/owner_match.ts";
import { utf8Text } from "../../text/encoding.ts";
import { similar } from "../../text/nearest.ts";
import { servicePort, type Target } from "./target.ts";

/** A shorter beginning of a container's ID is no word that somebody copied. */
const SHORTEST_ID = 6;

/** What a word was found to be. */
interface NamedOnHost {
  /** `null` where nothing that can be seen here has this name. */
  readonly target: Target | null;
  /** The name of a program, unit or container that the word nearly spells. */
  readonly near: string | undefined;
}

/**
 * Looks a word up: among the names of running programs, then of the units and containers that processes are in, then of
 * services in /etc/services.
 */
export function lookUpWord(
  word: string,
  root = new ProcRoot(),
  services = new Services(),
): NamedOnHost {
  const users = new Users();
  const processes = new Processes(root, users);
  const containers = new ContainerFinder(users, root.isLive);
  const found = (target: Target): NamedOnHost => ({ target, near: undefined });
  const known = new Set<string>();
  let unit: string | null = null;
  let contained = false;
  for (const pid of new DescriptorScanner(root).listProcesses()) {
    const process = processes.get(pid);
    if (process.comm === null) continue;
    if (processIsCalled(process, word)) return found({ kind: "process", text: word, name: word });
    known.add(utf8Text(process.comm));
    if (process.unit !== null) {
      const stem = process.unit.replace(/\.[a-z]+$/, "");
      if (stem === word) unit ??= process.unit;
      known.add(stem);
    }
    if (process.container !== null) {
      const names = containers.names(process);
      if (names !== null && names.name !== null) known.add(names.name);
      contained ||= names?.name === word || process.container.name === word ||
        word.length >= SHORTEST_ID && process.container.id.startsWith(word);
    }
  }
  if (unit !== null) return found({ kind: "unit", text: word, unit });
  if (contained) return found({ kind: "container", text: word, container: word });
  const port = servicePort(word, null, services);
  if (port !== null) {
    return found({
      kind: "port",
      text: word,
      transport: null,
      address: null,
      interface: null,
      port,
    });
  }
  return { target: null, near: similar(word, known) };
}
