/**
 * Finds services whose program file was deleted: an update without a restart, or something that hides.
 *
 * @module
 */
import { HolderSentences } from "../holders.ts";
import { type Rule, SERVICES, unreadProgram } from "./rule.ts";

/** The rule. */
export const deletedProgram: Rule = {
  id: "deleted-program",
  severity: "medium",
  title: "the program file of a service was deleted",
  worst: "high",
  places: SERVICES,
  fix:
    "Restart it after an update, so that it runs what is installed; find out where it came from otherwise",
  owner: () => true,
  unknown: unreadProgram,
  find: ({ services }) =>
    services.flatMap((audited) => {
      const gone = audited.socket.owners.filter(({ exe_deleted }) => exe_deleted);
      if (gone.length === 0) return [];
      const sentences = new HolderSentences();
      for (const owner of gone) {
        sentences.add(
          "held by ",
          owner,
          ` running ${owner.exe ?? "a file without a name"}, deleted`,
        );
      }
      const started = gone.flatMap(({ start_time }) => start_time ?? []).sort()[0];
      // Programs in folders that everyone may write to were hardly installed by a package.
      const suspicious = gone.some(({ exe }) =>
        /^(\/tmp|\/var\/tmp|\/dev\/shm)\/|^\/?memfd:/.test(exe ?? "")
      );
      return [{
        audited,
        ...(suspicious ? { severity: "high" as const } : {}),
        message: `its program file was deleted since it was started`,
        evidence: [
          ...sentences.texts(),
          ...started === undefined
            ? []
            : [`${gone.length > 1 ? "the first " : ""}started ${started}`],
        ],
      }];
    }),
};
