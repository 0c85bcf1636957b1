import { Client, type IMessage, type StompConfig, Versions } from "@stomp/stompjs";
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

import type { Api, Person, Room } from "./people";
import { expect, test as base } from "./test";

/** A program that speaks STOMP through the library that most web clients use, as it comes. */
class Program {
  private constructor(
    private readonly client: Client,
    /** As the server said it. */
    readonly version: string,
  ) {}

  static connect({ server, token }: Api, settings: StompConfig = {}): Promise<Program> {
    const client: Client = new Client({
      // Node 18 has no WebSocket of its own.
      webSocketFactory: () => new WebSocket(`${server.url.replace("http", "ws")}/stomp`, client.stompVersions.protocolVersions()),
      connectHeaders: { Authorization: `Bearer ${token}` },
      reconnectDelay: 0,
      ...settings,
    });
    return new Promise((resolve, reject) => {
      client.onConnect = ({ headers }) => resolve(new Program(client, headers.version));
      client.onStompError = ({ headers }) => reject(new Error(headers.message));
      client.onWebSocketError = reject;
      client.activate();
    });
  }

  /** What one subscription is told, from its start on. */
  listen<Told = Event>(destination: string, headers: Record<string, string> = {}): Told[] {
    const told: Told[] = [];
    this.client.subscribe(destination, ({ body }: IMessage) => told.push(JSON.parse(body) as Told), headers);
    return told;
  }

  /** Ends with the receipt. */
  send(destination: string, body: object): Promise<void> {
    const receipt = randomUUID();
    return new Promise((resolve) => {
      this.client.watchForReceipt(receipt, () => resolve());
      this.post(destination, body, { receipt });
    });
  }

  post(destination: string, body: object, headers: Record<string, string> = {}) {
    this.client.publish({ destination, headers, body: JSON.stringify(body) });
  }

  onClose(act: (code: number) => void) {
    this.client.onWebSocketClose = ({ code }) => act(code);
  }

  /** Ends with the receipt of its DISCONNECT. */
  leave(): Promise<void> {
    return this.client.deactivate();
  }
}

interface Event {
  rev: number;
  type: string;
  message?: { body: string };
}

interface Yard {
  room: Room;
  ann: Person;
  bob: Person;
}

/** Two people in one room, and a program that speaks for one of them. */
const test = base.extend<{ yard: Yard; connect: (person: Person, settings?: StompConfig) => Promise<Program> }>({
  yard: async ({ arrive }, use) => {
    const [ann, bob] = [await arrive("ann"), await arrive("bob")];
    await use({ ann, bob, room: await ann.api.makeGroup("The yard", [bob]) });
  },
  connect: async ({}, use) => {
    const programs: Program[] = [];
    await use(async (person, settings) => {
      const program = await Program.connect(person.api, settings);
      programs.push(program);
      return program;
    });
    for (const program of programs) await program.leave();
  },
});

const inRoom = (room: Room) => `/sub/chat/room/${room.id}`;
const bodies = (events: Event[]) => events.flatMap(({ message }) => message?.body ?? []);

for (const version of [Versions.V1_0, Versions.V1_1, Versions.V1_2]) {
  test(`a program and a browser talk, by STOMP ${version}`, async ({ yard, connect }) => {
    const { room, ann, bob } = yard;
    const program = await connect(ann, { stompVersions: new Versions([version]) });
    expect(program.version).toBe(version);
    const told = program.listen(inRoom(room));
    await bob.chat.open(room);

    const text = "a: b\\n 한글 👩‍👩‍👧 <b>\nsecond line";
    await program.send("/pub/chat/message", { id: randomUUID(), roomId: room.id, body: text });
    await expect(bob.chat.message("second line")).toBeVisible();
    await bob.chat.send("and back");
    await expect.poll(() => bodies(told)).toEqual([text, "and back"]);
  });
}

test("the shape of older clients is taken, whoever it claims to be from", async ({ yard, connect }) => {
  const { room, ann, bob } = yard;
  const program = await connect(ann);
  await bob.chat.open(room);
  await program.send("/pub/chat/message", { roomId: room.id, message: "from an old client", writer: bob.username });
  await expect(bob.chat.message("from an old client")).toContainText(ann.name);
});

test("what is refused is told with its id, has no receipt, and ends nothing", async ({ yard, connect }) => {
  const { room, ann } = yard;
  const program = await connect(ann);
  const errors = program.listen<{ code: string; id: string }>("/user/queue/errors");
  const id = randomUUID();
  let receipt = false;
  void program.send("/pub/chat/message", { id, roomId: room.id, body: "   " }).then(() => (receipt = true));
  await program.send("/pub/chat/message", { id: randomUUID(), roomId: room.id, body: "still here" });
  await expect.poll(() => errors).toMatchObject([{ id }]);
  expect(receipt).toBe(false);
});

test("a program that comes back after a kill resumes after the last rev that it has", async ({ server, yard, connect }) => {
  const { room, ann, bob } = yard;
  const before = await connect(ann);
  const told = before.listen(inRoom(room));
  await before.send("/pub/chat/message", { id: randomUUID(), roomId: room.id, body: "before" });
  await expect.poll(() => bodies(told)).toEqual(["before"]);
  const closed = new Promise((resolve) => before.onClose(resolve));
  await server.kill();
  await closed;
  await server.run();
  await bob.api.say(room, "while away");

  const after = await connect(ann);
  const rest = after.listen(inRoom(room), { after: String(told.at(-1)?.rev) });
  await bob.api.say(room, "and now");
  await expect.poll(() => bodies(rest)).toEqual(["while away", "and now"]);
});

test("a direct room is made by its first message, under both people's ids", async ({ yard, connect }) => {
  const { ann, bob } = yard;
  const [from, to] = [await connect(ann), await connect(bob)];
  const side = to.listen<object>(`/sub/chat/side/${bob.id}`);
  const direct = `${bob.id}&${ann.id}`;
  await from.send("/pub/chat/message", { id: randomUUID(), roomId: direct, body: "only us" });
  await expect.poll(() => side.length).toBeGreaterThan(0);
  const told = to.listen(`/sub/chat/room/${ann.id}&${bob.id}`, { after: "0" });
  await expect.poll(() => bodies(told)).toEqual(["only us"]);
});

test("heart-beats keep a silent program, and a session that ends lets it go", async ({ yard, connect }) => {
  const { ann } = yard;
  const program = await connect(ann, { heartbeatIncoming: 1_000, heartbeatOutgoing: 1_000 });
  let code: number | undefined;
  program.onClose((closed) => (code = closed));
  // The library ends a connection that brings nothing for twice as long as it asked for.
  await new Promise((silence) => setTimeout(silence, 4_000));
  expect(code).toBeUndefined();
  await ann.api.endSessions();
  await expect.poll(() => code).toBe(4401);
});
