// Makes a mongod that was started with --replSet a replica set of one, and waits until it takes writes:
//
//   node initiate.mjs HOST:PORT NAME
//
// There may be no mongosh where tests run, and the two commands are few bytes of BSON in an OP_MSG. Again is the same as once.
import { connect } from "node:net";
import { argv, exit } from "node:process";

const OP_MSG = 2013;
const ALREADY_INITIALIZED = 23;
const PATIENCE = 30_000;

const int32 = (number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(number);
  return bytes;
};
const cstring = (text) => Buffer.from(`${text}\0`);

/** Integers, texts, lists and documents: all that is asked here. */
function encode(document) {
  const fields = Object.entries(document).map(([name, value]) => {
    const [type, bytes] =
      typeof value === "number"
        ? [0x10, int32(value)]
        : typeof value === "string"
          ? [0x02, Buffer.concat([int32(Buffer.byteLength(value) + 1), cstring(value)])]
          : [Array.isArray(value) ? 0x04 : 0x03, encode(value)];
    return Buffer.concat([Buffer.from([type]), cstring(name), bytes]);
  });
  const body = Buffer.concat([...fields, Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** How many bytes a value takes; undefined where it is of a type that no answer should have. */
function size(type, bytes, at) {
  switch (type) {
    case 0x0a: return 0;
    case 0x08: return 1;
    case 0x10: return 4;
    case 0x01: case 0x09: case 0x11: case 0x12: return 8;
    case 0x07: return 12;
    case 0x03: case 0x04: return bytes.readInt32LE(at);
    case 0x02: return 4 + bytes.readInt32LE(at);
    case 0x05: return 5 + bytes.readInt32LE(at);
  }
}

/** The numbers, truths and texts of an answer; what else is in it is stepped over. */
function decode(bytes) {
  const found = {};
  let place = 4;
  while (bytes[place]) {
    const type = bytes[place];
    const end = bytes.indexOf(0, place + 1);
    const name = bytes.toString("utf8", place + 1, end);
    const at = end + 1;
    const length = size(type, bytes, at);
    if (length === undefined) throw new Error(`the answer has a field ${name} of the unknown type ${type}`);
    if (type === 0x01) found[name] = bytes.readDoubleLE(at);
    if (type === 0x02) found[name] = bytes.toString("utf8", at + 4, at + length - 1);
    if (type === 0x08) found[name] = bytes[at] === 1;
    if (type === 0x10) found[name] = bytes.readInt32LE(at);
    place = at + length;
  }
  return found;
}

async function ask(host, port, command) {
  // Four zero flags, and one section of kind 0: the command.
  const body = Buffer.concat([int32(0), Buffer.from([0]), encode({ ...command, $db: "admin" })]);
  const message = Buffer.concat([int32(16 + body.length), int32(1), int32(0), int32(OP_MSG), body]);
  const socket = connect(port, host);
  socket.setTimeout(5_000, () => socket.destroy(new Error("no answer within 5 s")));
  socket.write(message);
  let answer = Buffer.alloc(0);
  for await (const part of socket) {
    answer = Buffer.concat([answer, part]);
    // A header of 16 bytes, the flags, and the kind of the section come before the document.
    if (answer.length >= 21 && answer.length >= answer.readInt32LE(0)) return decode(answer.subarray(21));
  }
  throw new Error("the connection ended without an answer");
}

const [address, name] = argv.slice(2);
const [host, port] = address.split(":");
try {
  const config = { _id: name, members: [{ _id: 0, host: address }] };
  const made = await ask(host, Number(port), { replSetInitiate: config });
  if (made.ok !== 1 && made.code !== ALREADY_INITIALIZED) {
    throw new Error(`it answers "${made.errmsg}" (${made.codeName ?? made.code}) to replSetInitiate`);
  }
  const until = Date.now() + PATIENCE;
  while (!(await ask(host, Number(port), { hello: 1 })).isWritablePrimary) {
    if (Date.now() > until) throw new Error(`it has not become primary within ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
} catch (error) {
  console.error(`initiate: MongoDB at ${address} is no replica set: ${error.message}`);
  exit(1);
}
