import type { Person, Room } from "./people";
import { expect, test } from "./test";

async function twoInARoom(arrive: (username: string, options?: { name: string }) => Promise<Person>) {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room: Room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await bada.chat.open(room);
  return { haneul, bada, room };
}

test("an edited message changes for everyone, and says so", async ({ arrive }) => {
  const { haneul, bada } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("See you at tree");
  await expect(bada.chat.message("See you at tree")).toBeVisible();

  await haneul.chat.edit("See you at tree", "See you at three");

  for (const person of [haneul, bada]) {
    await expect(person.chat.message("See you at three")).toContainText(person.words.edited);
    await expect(person.chat.message("See you at tree")).toHaveCount(0);
    await expect(person.chat.messages()).toHaveCount(1);
  }
});

test("the arrow up in an empty box edits my last message, and Esc leaves it as it was", async ({ arrive }) => {
  const { haneul } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("First");
  await haneul.chat.sendAndSee("Second");

  await haneul.chat.composer().press("ArrowUp");
  const box = haneul.page.getByRole("textbox", { name: haneul.words.editBox });
  await expect(box).toBeFocused();
  await expect(box).toHaveValue("Second");
  await box.press("Escape");
  await expect(box).toHaveCount(0);
  await expect(haneul.chat.composer()).toBeFocused();
  await haneul.chat.expectOrder(["First", "Second"]);
});

test("an edit that was emptied says that it is not saved, and stays open", async ({ arrive }) => {
  const { haneul } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("Here to stay");
  await haneul.chat.composer().press("ArrowUp");
  const box = haneul.page.getByRole("textbox", { name: haneul.words.editBox });
  await box.fill("  ");
  await box.press("Enter");
  await expect(haneul.chat.messages().getByRole("alert")).toBeVisible();
  await expect(box).toBeVisible();
  await box.press("Escape");
  await haneul.chat.expectOrder(["Here to stay"]);
});

test("a deleted message is gone for everyone, and only its place remains", async ({ arrive }) => {
  const { haneul, bada, room } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("A secret slipped out");
  await expect(bada.chat.message("A secret slipped out")).toBeVisible();

  await haneul.chat.delete("A secret slipped out");

  for (const person of [haneul, bada]) {
    await expect(person.chat.message("A secret slipped out")).toHaveCount(0);
    await expect(person.chat.rooms().getByText("A secret slipped out")).toHaveCount(0);
    await expect(person.chat.message(person.words.deleted)).toBeVisible();
  }
  expect(JSON.stringify(await bada.api.messages(room))).not.toContain("secret");
});

test("only the author is offered to edit and to delete", async ({ arrive }) => {
  const { haneul, bada } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("Mine");
  const message = bada.chat.message("Mine");
  await message.hover();
  const actions = message.getByRole("toolbar", { name: bada.words.actions });
  await expect(actions.getByRole("button", { name: bada.words.reply })).toBeVisible();
  await expect(actions.getByRole("button", { name: bada.words.edit })).toHaveCount(0);
  await expect(actions.getByRole("button", { name: bada.words.delete })).toHaveCount(0);
});

test("reactions are counted once for each person, and can be taken back", async ({ arrive }) => {
  const { haneul, bada } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("Persimmons are ripe");

  await bada.chat.react("Persimmons are ripe", "👍");
  await expect(haneul.chat.reaction("Persimmons are ripe", "👍", 1)).toBeVisible();
  await haneul.chat.reaction("Persimmons are ripe", "👍", 1).click();
  await expect(bada.chat.reaction("Persimmons are ripe", "👍", 2)).toBeVisible();
  await expect(haneul.chat.reaction("Persimmons are ripe", "👍", 2)).toHaveAttribute("aria-pressed", "true");

  await haneul.chat.reaction("Persimmons are ripe", "👍", 2).click();
  await expect(bada.chat.reaction("Persimmons are ripe", "👍", 1)).toBeVisible();
});

test("a reply shows what it answers, and leads there", async ({ arrive }) => {
  const { haneul, bada } = await twoInARoom(arrive);
  await haneul.chat.sendAndSee("Who brings the tea?");
  await bada.chat.reply("Who brings the tea?");
  await expect(bada.page.getByText(bada.words.replyingTo("Haneul"))).toBeVisible();
  await expect(bada.chat.composer()).toBeFocused();
  await bada.chat.send("I do");

  const reply = haneul.chat.messages().last();
  await expect(reply).toContainText("I do");
  await expect(reply).toContainText("Who brings the tea?");
  await reply.getByRole("button", { name: "Who brings the tea?" }).click();
  await expect(haneul.chat.messages().first()).toBeInViewport();
});
