/**
 * The floor of the bench: asks for every TCP socket and only receives the answer. Compiled with the program's own flags, so
 * that what it takes is the kernel's time and the runtime's start.
 *
 * Arguments: the states to ask for as a number; then a port to let the kernel filter by, or `owners`, to read the BPF pass over
 * all descriptors as well.
 */
import { AF_INET, AF_INET6 } from "../ffi/socket.ts";
import { OwnerIterator } from "../src/bpf/owner_iterator.ts";
import { compile } from "../src/families/inet/bytecode.ts";
import { dumpRequest } from "../src/families/inet/request.ts";
import { IPPROTO_TCP } from "../src/families/inet/uapi.ts";
import { parseFilter } from "../src/filter/mod.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../src/netlink/connection.ts";
import { dump } from "../src/netlink/dump.ts";
import { insidePidNamespace } from "../src/proc/ns.ts";
import { ProcRoot } from "../src/proc/root.ts";

const [states = "4095", more] = process.argv.slice(2);
const owners = more === "owners";
const filter = more === undefined || owners ? null : parseFilter(`sport = ${more}`);
const bytecode = filter === null ? null : compile(filter, "sockeye").program;
const connection = new Connection(NETLINK_SOCK_DIAG);
for (const family of [AF_INET, AF_INET6]) {
  const request = dumpRequest({ family, protocol: IPPROTO_TCP, states: Number(states), bytecode });
  dump(connection, request, "floor", { message() {}, restart() {} });
}
if (owners) {
  const numbers = insidePidNamespace(new ProcRoot()) === false ? "initial" : "reader";
  const opened = OwnerIterator.open(numbers, { cookies: true });
  if (!opened.ok) throw new Error(opened.reason);
  opened.value.run();
}
