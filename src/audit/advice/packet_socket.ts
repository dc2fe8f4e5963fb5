/**
 * Finds packet and raw sockets. They can watch or forge traffic, and few programs need one.
 *
 * @module
 */
import { program } from "../../snapshot/identity.ts";
import { HolderSentences } from "../holders.ts";
import type { Rule } from "./rule.ts";

/** Programs that are expected to configure, route or watch a network. */
const EXPECTED: ReadonlySet<string> = new Set([
  "dhclient",
  "dhcpcd",
  "udhcpc",
  "dhcpd",
  "dnsmasq",
  "systemd-networkd",
  "NetworkManager",
  "connmand",
  "wpa_supplicant",
  "hostapd",
  "iwd",
  "lldpd",
  "lldpad",
  "keepalived",
  "arpwatch",
  "bird",
  "zebra",
  "ospfd",
  "isisd",
  "pimd",
  "frr",
  "ping",
  "fping",
  "suricata",
  "snort",
  "zeek",
  "chronyd",
  "pppd",
  "strongswan",
  "charon",
  "charon-systemd",
  "radvd",
  "ndppd",
]);

/** The rule. */
export const packetSocket: Rule = {
  id: "packet-socket",
  severity: "high",
  title: "an unexpected program holds a packet or raw socket",
  places: { tables: (label) => /^(packet|raw)/.test(label), namespaces: true },
  fix: "Find out why it looks at raw traffic; stop it, or take CAP_NET_RAW from it",
  owner: ({ check, transport }) => check === "packet" || transport === "raw",
  find: ({ services }) =>
    services.flatMap((audited) => {
      const { socket, transport } = audited;
      const packet = audited.check === "packet";
      if (!packet && transport !== "raw") return [];
      const unexpected = socket.owners.filter((owner) =>
        !EXPECTED.has(fileName(owner.exe)) &&
        !(owner.exe === null && EXPECTED.has(owner.comm ?? ""))
      );
      if (unexpected.length === 0) return [];
      const sentences = new HolderSentences();
      for (const owner of unexpected) {
        sentences.add("held by ", owner, ` running ${program(owner)}, which seldom needs one`);
      }
      return [{
        audited,
        ...(packet ? {} : { severity: "medium" as const }),
        message: packet
          ? "can see the traffic of this machine"
          : "can forge and see packets of an IP protocol",
        evidence: sentences.texts(),
      }];
    }),
};

function fileName(exe: string | null): string {
  return exe === null ? "" : exe.slice(exe.lastIndexOf("/") + 1);
}
