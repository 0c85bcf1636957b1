import type { BrowserContext, Page } from "@playwright/test";
import { randomUUID } from "node:crypto";

import { Chat } from "./chat";
import type { Names } from "./names";

export const password = "correct horse 마당";

export interface Room {
  id: string;
  name: string;
  head: number;
  read: number;
  unread: number;
}

export interface Message {
  id: string;
  body: string;
  deleted?: boolean;
}

/** Where Madang is found: a server, or what stands in front of several. */
export interface Place {
  url: string;
}

/** What a person may ask for over REST: how tests make what is not their subject. */
export class Api {
  constructor(
    readonly server: Place,
    readonly token: string,
  ) {}

  /** Members are named by their ids alone. */
  makeGroup(name: string, members: { id: string }[]): Promise<Room> {
    return this.ask("POST", "/api/rooms", { kind: "group", name, members: members.map((member) => member.id) });
  }

  /** The direct room with someone; a note to oneself with oneself. */
  makeDirect(other: { id: string }): Promise<Room> {
    return this.ask("POST", "/api/rooms", { kind: "direct", members: [other.id] });
  }

  say(room: Room, body: string, replyTo?: string): Promise<Message> {
    return this.ask("POST", `/api/rooms/${room.id}/messages`, { id: randomUUID(), body, replyTo });
  }

  react(room: Room, message: string, emoji: string): Promise<unknown> {
    return this.ask("PUT", `/api/rooms/${room.id}/messages/${message}/reactions/${encodeURIComponent(emoji)}`);
  }

  readTo(room: Room, rev: number): Promise<unknown> {
    return this.ask("PUT", `/api/rooms/${room.id}/read`, { rev });
  }

  addMember(room: Room, member: { id: string }): Promise<unknown> {
    return this.ask("POST", `/api/rooms/${room.id}/members`, { userId: member.id });
  }

  removeMember(room: Room, member: { id: string }): Promise<unknown> {
    return this.ask("DELETE", `/api/rooms/${room.id}/members/${member.id}`);
  }

  rename(displayName: string): Promise<unknown> {
    return this.ask("PATCH", "/api/me", { displayName });
  }

  async find(username: string): Promise<{ id: string }> {
    const page = await this.ask<{ items: { id: string; username: string }[] }>("GET", `/api/users?query=${encodeURIComponent(username)}`);
    const found = page.items.find((user) => user.username === username);
    if (!found) throw new Error(`nobody is called ${username}`);
    return found;
  }

  /** As from another device: all of them end. */
  async endSessions(): Promise<void> {
    const page = await this.ask<{ items: { id: string; current: boolean }[] }>("GET", "/api/me/sessions");
    for (const { id } of page.items) await this.ask("DELETE", `/api/me/sessions/${id}`);
  }

  async room(room: Room): Promise<Room> {
    return this.ask("GET", `/api/rooms/${room.id}`);
  }

  async messages(room: Room): Promise<Message[]> {
    const page = await this.ask<{ items: Message[] }>("GET", `/api/rooms/${room.id}/messages?limit=200`);
    return page.items;
  }

  private async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(this.server.url + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }
}

/** Someone with an account and a browser of their own. */
export interface Person {
  id: string;
  username: string;
  /** What others see. */
  name: string;
  words: Names;
  api: Api;
  context: BrowserContext;
  page: Page;
  chat: Chat;
}

interface SignedIn {
  user: { id: string; username: string; displayName: string };
  accessToken: string;
}

/** Makes the account, and leaves the browser signed in. */
export async function register(server: Place, context: BrowserContext, username: string, displayName: string) {
  const answer = await context.request.post(`${server.url}/api/auth/register`, {
    headers: { origin: server.url },
    data: { username, password, displayName },
  });
  if (!answer.ok()) throw new Error(`register ${username}: ${answer.status()} ${await answer.text()}`);
  const { user, accessToken } = (await answer.json()) as SignedIn;
  return { id: user.id, username: user.username, name: user.displayName, api: new Api(server, accessToken) };
}
