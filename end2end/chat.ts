import { expect, type Locator, type Page } from "@playwright/test";

import type { Names } from "./names";
import type { Room } from "./people";

/** The chat as one person has it on the screen: everything found by role and name. */
export class Chat {
  constructor(
    readonly page: Page,
    readonly words: Names,
  ) {}

  // ---- Going somewhere

  async open(room: Room) {
    await this.page.goto(`/rooms/${room.id}`);
    await this.ready();
  }

  /** From then on, what is pressed is heard: the page's own script has taken over. */
  async ready() {
    await expect(this.page.locator("html")).toHaveAttribute("data-hydrated", "true", { timeout: 20_000 });
  }

  // ---- The rooms

  rooms() {
    return this.page.getByRole("navigation", { name: this.words.rooms });
  }

  /** Its name also says what was said last and how much is unread. */
  room(name: string) {
    return this.rooms().getByRole("link").filter({ hasText: name });
  }

  unread(room: string, count: number) {
    return this.room(room).getByText(this.words.unread(count), { exact: true });
  }

  search() {
    return this.page.getByRole("searchbox", { name: this.words.search });
  }

  // ---- The conversation

  log() {
    return this.page.getByRole("log");
  }

  messages() {
    return this.log().getByRole("article");
  }

  /** The messages that contain the text. */
  message(text: string) {
    return this.messages().filter({ hasText: text });
  }

  divider() {
    return this.log().getByText(this.words.newMessages, { exact: true });
  }

  /** The button that shows and hides them. */
  membersButton() {
    return this.page.getByRole("button", { name: this.words.members, exact: true });
  }

  members() {
    return this.page.getByRole("region", { name: this.words.members, exact: true });
  }

  typing(name: string) {
    return this.page.getByText(this.words.typing(name), { exact: true });
  }

  composer() {
    return this.page.getByRole("textbox", { name: this.words.composer, exact: true });
  }

  async send(text: string) {
    await this.composer().fill(text);
    await this.composer().press("Enter");
    await expect(this.composer()).toHaveValue("");
  }

  /** As far as the person can see, it is with the server. */
  async sendAndSee(text: string) {
    await this.send(text);
    await this.expectSent(text);
  }

  async expectSent(text: string) {
    await expect(this.message(text)).toHaveCount(1);
    await expect(this.message(text).getByText(this.words.sending)).toHaveCount(0);
  }

  /** Which of these texts are on the screen as messages, in which order. */
  async expectOrder(texts: string[]) {
    await expect
      .poll(async () => {
        const shown = await this.messages().allInnerTexts();
        const lines = shown.map((message) => message.split("\n").map((line) => line.replace(new RegExp(`${this.words.edited}$`), "").trim()));
        return lines.flatMap((message) => texts.filter((text) => message.includes(text)));
      })
      .toEqual(texts);
  }

  // ---- Doing something with a message

  private async act(message: Locator, action: string) {
    await message.hover();
    await message.getByRole("toolbar", { name: this.words.actions }).getByRole("button", { name: action, exact: true }).click();
  }

  reply(text: string) {
    return this.act(this.message(text), this.words.reply);
  }

  async edit(text: string, next: string) {
    const message = this.message(text);
    await this.act(message, this.words.edit);
    const box = this.page.getByRole("textbox", { name: this.words.editBox });
    await expect(box).toHaveValue(text);
    await box.fill(next);
    await box.press("Enter");
    await expect(box).toHaveCount(0);
  }

  askToDelete(text: string) {
    return this.act(this.message(text), this.words.delete);
  }

  async delete(text: string) {
    await this.askToDelete(text);
    await this.page.getByRole("dialog").getByRole("button", { name: this.words.delete, exact: true }).click();
  }

  async react(text: string, emoji: string) {
    await this.act(this.message(text), this.words.react);
    await this.page.getByRole("group", { name: this.words.emojiPicker }).getByRole("button", { name: emoji, exact: true }).click();
  }

  reaction(text: string, emoji: string, count: number) {
    return this.message(text).getByRole("button", { name: this.words.reaction(emoji, count) });
  }
}
