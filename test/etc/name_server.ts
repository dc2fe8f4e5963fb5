/**
 * A name server for tests, as a program of its own: the resolver does not return to the event loop. Prints its port.
 * 192.0.2.1 has a name, 192.0.2.2 an impossible one, 192.0.2.3 none, and 192.0.2.4 is never answered. The name of 192.0.2.5
 * says how often 192.0.2.4 was asked for.
 */
const NAMES: Record<string, string | null> = {
  "1.2.0.192.in-addr.arpa": "one.example",
  "2.2.0.192.in-addr.arpa": "bad\x1b[31mname.example",
  "3.2.0.192.in-addr.arpa": null,
};
const SILENT = "4.2.0.192.in-addr.arpa";
const COUNT = "5.2.0.192.in-addr.arpa";
let asked = 0;

const server = await Bun.udpSocket({
  hostname: "127.0.0.1",
  socket: {
    data(socket, question, port, address) {
      const labels: string[] = [];
      let at = 12;
      while (question[at]! > 0) {
        labels.push(question.toString("latin1", at + 1, at + 1 + question[at]!));
        at += 1 + question[at]!;
      }
      const wanted = labels.join(".");
      if (wanted === SILENT) asked++;
      const name = wanted === COUNT ? `asked-${asked}.example` : NAMES[wanted];
      if (name === undefined) return;
      const header = Buffer.from(question.subarray(0, at + 5));
      header.writeUInt16BE(name === null ? 0x8183 : 0x8180, 2);
      header.writeUInt16BE(name === null ? 0 : 1, 6);
      const data = Buffer.concat([
        ...(name ?? "").split(".").map((part) => Buffer.from([part.length, ...Buffer.from(part)])),
        Buffer.from([0]),
      ]);
      const record = name === null
        ? []
        : [Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, data.length]), data];
      // Somebody who guesses: a wrong number, and a wrong question. Neither may be believed.
      const forged = Buffer.concat([header, ...record]);
      forged.writeUInt16BE(header.readUInt16BE(0) ^ 1, 0);
      socket.send(forged, port, address);
      socket.send(Buffer.from("not a message"), port, address);
      socket.send(Buffer.concat([header, ...record]), port, address);
    },
  },
});
console.log(server.port);

export {};
