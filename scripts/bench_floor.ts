/**
 * The floor of the bench: asks for every TCP socket and only receives the answer. Compiled with the program's own flags, so
 * that what it takes is the kernel's time and the runtime's start.
 *
 * Arguments: the states to ask for as a number, and a port, or nothing, to let the kernel filter by.
 */
import { AF_INET, AF_INET6 } from "../ffi/socket.ts";
import { compile } from "../src/families/inet/bytecode.ts";
import { dumpRequest } from "../src/families/inet/request.ts";
import { IPPROTO_TCP } from "../src/families/inet/uapi.ts";
import { parseFilter } from "../src/filter/mod.ts";
import { Connection, NETLINK_SOCK_DIAG } from "../src/netlink/connection.ts";
import { dump } from "../src/netlink/dump.ts";

const [states = "4095", port] = process.argv.slice(2);
const filter = port === undefined ? null : parseFilter(`sport = ${port}`);
const bytecode = filter === null ? null : compile(filter, "sockeye").program;
const connection = new Connection(NETLINK_SOCK_DIAG);
for (const family of [AF_INET, AF_INET6]) {
  const request = dumpRequest({ family, protocol: IPPROTO_TCP, states: Number(states), bytecode });
  dump(connection, request, "floor", { message() {}, restart() {} });
}
