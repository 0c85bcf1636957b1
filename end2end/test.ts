import { type BrowserContext, type BrowserContextOptions, type ConsoleMessage, test as base } from "@playwright/test";

import { Chat } from "./chat";
import { english, type Names } from "./names";
import { type Person, register } from "./people";
import { Server } from "./server";

export { expect } from "@playwright/test";

export interface Arrival extends BrowserContextOptions {
  /** What others see; the username if it is not said. */
  name?: string;
  words?: Names;
}

interface Fixtures {
  server: Server;
  /** Everything that the pages complain about in their consoles; a test fails if there is anything. */
  complaints: Complaints;
  /** A browser of its own, and nobody signed in. */
  visit: (options?: Arrival) => Promise<BrowserContext>;
  /** Registers someone, in a browser of their own. */
  arrive: (username: string, options?: Arrival) => Promise<Person>;
}

/** What pages write into their consoles, errors and warnings both: each is a defect, unless the test brought it about. */
export class Complaints {
  private readonly heard: string[] = [];
  private readonly expected: RegExp[] = [];

  listen(context: BrowserContext) {
    context.on("console", (message: ConsoleMessage) => {
      if (["error", "warning", "assert"].includes(message.type())) {
        this.heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => this.heard.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  }

  /** The test itself brings this about. */
  expect(pattern: RegExp) {
    this.expected.push(pattern);
  }

  /** The test takes the network away, or the server. */
  expectLostConnections() {
    this.expect(/net::ERR_|WebSocket connection to .* failed|status of 503/);
  }

  unexpected() {
    return this.heard.filter((line) => !this.expected.some((pattern) => pattern.test(line)));
  }
}

export const test = base.extend<Fixtures>({
  server: async ({}, use, info) => {
    const server = await Server.start();
    await use(server);
    await server.remove();
    if (info.status !== info.expectedStatus) await info.attach("server.log", { body: server.log(), contentType: "text/plain" });
  },

  complaints: async ({}, use) => {
    const complaints = new Complaints();
    await use(complaints);
    const unexpected = complaints.unexpected();
    if (unexpected.length) throw new Error(`the pages complained:\n${unexpected.join("\n")}`);
  },

  visit: async ({ browser, server, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async ({ name: _name, words = english, ...options } = {}) => {
      const context = await browser.newContext({ baseURL: server.url, locale: words.locale, ...options });
      complaints.listen(context);
      contexts.push(context);
      return context;
    });
    for (const context of contexts) await context.close();
  },

  arrive: async ({ server, visit }, use) => {
    await use(async (username, options = {}) => {
      const words = options.words ?? english;
      const context = await visit(options);
      const someone = await register(server, context, username, options.name ?? username);
      const page = await context.newPage();
      return { ...someone, words, context, page, chat: new Chat(page, words) };
    });
  },
});
