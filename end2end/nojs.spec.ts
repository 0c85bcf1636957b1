import { Chat } from "./chat";
import { english as words, korean } from "./names";
import { password } from "./people";
import { expect, test } from "./test";

const without = { javaScriptEnabled: false };

test("without JavaScript one registers, reads and writes", async ({ arrive, visit }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const page = await (await visit(without)).newPage();
  const chat = new Chat(page, words);
  await page.goto("/");
  await page.getByRole("link", { name: words.register }).click();
  await page.getByRole("textbox", { name: words.username }).fill("bada");
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.register }).click();

  const bada = await haneul.api.find("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "Can you read this?");
  await page.reload();
  await expect(chat.unread("Courtyard", 1)).toBeAttached();
  await chat.room("Courtyard").click();
  await expect(chat.message("Can you read this?")).toBeVisible();
  await expect(chat.message("Can you read this?").getByText(words.timeOfDay).first()).toBeVisible();

  await chat.composer().fill("I can,\nand answer.");
  await page.getByRole("button", { name: words.send, exact: true }).click();
  await expect(chat.message("I can,")).toBeVisible();
  expect((await haneul.api.messages(room)).at(-1)?.body).toBe("I can,\nand answer.");
});

test("without JavaScript one logs in, and out", async ({ arrive, visit, complaints }) => {
  complaints.expect(/status of 401/);
  await arrive("haneul");
  const page = await (await visit(without)).newPage();
  await page.goto("/login");
  await page.getByRole("textbox", { name: words.username }).fill("haneul");
  await page.getByLabel(words.password, { exact: true }).fill("not the password");
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(page.getByRole("navigation", { name: words.rooms })).toBeVisible();
  await page.getByRole("link", { name: words.settings }).click();
  await page.getByRole("button", { name: words.logOut, exact: true }).click();
  await expect(page.getByRole("link", { name: words.register })).toBeVisible();
});

test("without JavaScript language and theme can be chosen", async ({ visit }) => {
  const page = await (await visit(without)).newPage();
  await page.goto("/login");
  await page.getByRole("group", { name: words.language }).getByRole("button", { name: "한국어" }).click();
  await expect(page.getByRole("button", { name: korean.logIn })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await page.getByRole("group", { name: korean.theme }).getByRole("button", { name: korean.themeDark }).click();
  await expect(page.getByRole("group", { name: korean.theme }).getByRole("button", { name: korean.themeDark })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await expect(page).toHaveURL("/login");
});

test("without JavaScript what was refused is given back, and older messages are a link away", async ({
  arrive,
  visit,
  complaints,
}) => {
  complaints.expect(/status of 422/);
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  for (let number = 0; number < 55; number += 1) await haneul.api.say(room, `Line ${number}.`);
  const page = await (await visit(without)).newPage();
  const chat = new Chat(page, words);
  await page.goto(`/login?next=/rooms/${room.id}`);
  await page.getByRole("textbox", { name: words.username }).fill("haneul");
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(chat.message("Line 54.")).toBeVisible();
  await page.getByRole("link", { name: "Earlier messages" }).click();
  await expect(chat.message("Line 0.")).toBeVisible();
  await expect(chat.message("Line 54.")).toHaveCount(0);
  await page.getByRole("link", { name: "Latest messages" }).click();
  await expect(chat.message("Line 54.")).toBeVisible();

  await chat.composer().fill(`Too long a story ${"x".repeat(10_001)}`);
  await page.getByRole("button", { name: words.send, exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("10000");
  await expect(page.getByRole("alert")).toContainText("Too long a story");
});

test("without JavaScript what is written after the session has ended is given back, with the way in", async ({
  arrive,
  visit,
  complaints,
}) => {
  complaints.expect(/status of 401/);
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  const context = await visit(without);
  const page = await context.newPage();
  const chat = new Chat(page, words);
  const enter = async () => {
    await page.getByRole("textbox", { name: words.username }).fill("haneul");
    await page.getByLabel(words.password, { exact: true }).fill(password);
    await page.getByRole("button", { name: words.logIn }).click();
  };
  await page.goto(`/login?next=/rooms/${room.id}`);
  await enter();
  await chat.composer().fill("Half an hour's story");
  await context.clearCookies();
  await page.getByRole("button", { name: words.send, exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Half an hour's story");
  await enter();
  await expect(page).toHaveURL(`/rooms/${room.id}`);
  await expect(chat.composer()).toBeVisible();
});
