import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server as Listener, type Socket, connect } from "node:net";
import { join } from "node:path";

import { Chat } from "./chat";
import { english } from "./names";
import { type Person, register } from "./people";
import { Server } from "./server";
import { test as base } from "./test";

export { expect } from "@playwright/test";

/** Where `deploy/servers` has put Kafka, Redis and MongoDB; a database of its own for each test. */
function backends(): Record<string, string> {
  const folder = process.env.MADANG_BACKENDS;
  if (!folder) throw new Error("MADANG_BACKENDS does not name the directory of `deploy/servers`");
  const lines = readFileSync(join(folder, "env"), "utf8").matchAll(/^export (\w+)='?([^'\n]*)'?$/gm);
  const settings = Object.fromEntries([...lines].map(([, name, value]) => [name, value] as const));
  const [, server, database, options] = /^(mongodb[^/]*\/\/[^/?]+)\/?([^?]*)\??(.*)$/.exec(settings.MADANG_MONGODB_URI ?? "") ?? [];
  const query = new URLSearchParams(options);
  // A user is looked for in the database that is named, which is another here.
  if (server?.includes("@") && !query.has("authSource")) query.set("authSource", database || "admin");
  return { ...settings, MADANG_MONGODB_URI: `${server}/browser-${randomUUID()}?${query}` };
}

/** The proxy in front of the nodes, as one person's browser sees it: one address, whichever node is behind. */
export class Door {
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly listener: Listener,
    private target: Server,
  ) {
    listener.on("connection", (client) => this.carry(client));
  }

  static async to(target: Server): Promise<Door> {
    const door = new Door(createServer().listen(0, "127.0.0.1"), target);
    await once(door.listener, "listening");
    return door;
  }

  get url() {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** New connections lead there. */
  lead(target: Server) {
    this.target = target;
  }

  close() {
    this.listener.close();
    for (const socket of this.open) socket.destroy();
  }

  private carry(client: Socket) {
    const node = connect(Number(new URL(this.target.url).port), "127.0.0.1");
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      this.open.add(from);
      from.on("error", () => to.destroy()).on("close", () => {
        this.open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  }
}

interface Fixtures {
  /** Two nodes of one cluster. */
  nodes: [Server, Server];
  /** Registers someone whose browser goes to this node. */
  arriveAt: (node: Server, username: string, name: string) => Promise<Person & { door: Door }>;
}

export const test = base.extend<Fixtures>({
  nodes: async ({}, use, info) => {
    const settings = backends();
    const nodes: [Server, Server] = [await Server.start(settings), await Server.start(settings)];
    await use(nodes);
    for (const [index, node] of nodes.entries()) {
      await node.remove();
      if (info.status !== info.expectedStatus) {
        await info.attach(`node-${index + 1}.log`, { body: node.log(), contentType: "text/plain" });
      }
    }
  },

  arriveAt: async ({ browser, complaints }, use) => {
    const doors: Door[] = [];
    await use(async (node, username, name) => {
      const door = await Door.to(node);
      doors.push(door);
      const context = await browser.newContext({ baseURL: door.url, locale: english.locale });
      complaints.listen(context);
      const someone = await register(door, context, username, name);
      const page = await context.newPage();
      return { ...someone, words: english, context, page, chat: new Chat(page, english), door };
    });
    for (const context of browser.contexts()) await context.close();
    for (const door of doors) door.close();
  },
});
