import { Chat } from "./chat";
import { keptIn } from "./kept";
import { english as words } from "./names";
import { password } from "./people";
import { expect, test } from "./test";
import { Wire } from "./wire";

test("a stranger reads what this is, registers, logs out and logs in again", async ({ visit, complaints }) => {
  complaints.expect(/status of 401/);
  const page = await (await visit()).newPage();
  const chat = new Chat(page, words);
  await page.goto("/");
  await page.getByRole("link", { name: words.register }).click();
  await page.getByRole("textbox", { name: words.username }).fill("하늘");
  await page.getByRole("textbox", { name: words.displayName }).fill("Haneul");
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.register }).click();
  await chat.ready();
  await expect(chat.search()).toBeVisible();

  await page.getByRole("link", { name: words.settings }).click();
  await page.getByRole("button", { name: words.logOut, exact: true }).click();
  await expect(page.getByRole("link", { name: words.register })).toBeVisible();

  await page.getByRole("link", { name: words.logIn }).first().click();
  await page.getByRole("textbox", { name: words.username }).fill("하늘");
  await page.getByLabel(words.password, { exact: true }).fill("not the password");
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("textbox", { name: words.username })).toHaveValue("하늘");

  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(chat.search()).toBeVisible();
});

test("a link to a room leads there after the log-in, mistyped as it may have been", async ({
  arrive,
  visit,
  complaints,
}) => {
  complaints.expect(/status of 401/);
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  await haneul.api.say(room, "You found it");
  const page = await (await visit()).newPage();
  await page.goto(`/rooms/${room.id}`);
  await page.getByRole("textbox", { name: words.username }).fill("haneul");
  await page.getByLabel(words.password, { exact: true }).fill("not the password");
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: words.logIn }).click();
  await expect(page).toHaveURL(`/rooms/${room.id}`);
  await expect(new Chat(page, words).message("You found it")).toBeVisible();
});

test("what one person keeps in a browser is not shown to the next", async ({ arrive, server }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().fill("My secret draft");
  await expect.poll(() => keptIn(haneul.page)).toContain("secret");
  await haneul.page.goto("/settings");
  await haneul.chat.ready();
  await haneul.page.getByRole("button", { name: words.logOut, exact: true }).click();
  await expect(haneul.page.getByRole("link", { name: words.register })).toBeVisible();

  const kept = await keptIn(haneul.page);
  expect(kept).not.toContain("secret");
  expect((await haneul.context.cookies(server.url)).filter((cookie) => /access|refresh/.test(cookie.name))).toEqual([]);
});

test("a log-out asks while messages wait, and forgets them only when the server has heard of it", async ({ arrive, complaints }) => {
  complaints.expectLostConnections();
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  await wire.cut();
  await haneul.chat.send("Still here");
  await haneul.page.goto("/settings");
  await haneul.chat.ready();
  await expect(haneul.page.getByText(words.waiting(1))).toBeVisible();
  const logOut = haneul.page.getByRole("button", { name: words.logOut, exact: true }).first();
  const question = haneul.page.getByRole("dialog");

  await logOut.click();
  await question.getByRole("button", { name: words.cancel, exact: true }).click();
  await expect(question).toHaveCount(0);

  await haneul.context.route("**/api/auth/logout", (route) => route.abort());
  await logOut.click();
  await question.getByRole("button", { name: words.logOut, exact: true }).click();
  await expect(haneul.page.getByText("The server cannot be reached")).toBeVisible();
  expect(await keptIn(haneul.page)).toContain("Still here");

  await haneul.context.unroute("**/api/auth/logout");
  await logOut.click();
  await question.getByRole("button", { name: words.logOut, exact: true }).click();
  await expect(haneul.page.getByRole("link", { name: words.register })).toBeVisible();
  expect(await keptIn(haneul.page)).not.toContain("Still here");
});

test("a session that is ended elsewhere says so, and keeps what was written", async ({ arrive, complaints }) => {
  complaints.expect(/status of 401|WebSocket connection to .* failed/);
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().fill("Half a thought");
  await haneul.api.endSessions();
  await expect(haneul.page.getByText(words.signedOut)).toBeVisible();
  await expect(haneul.chat.composer()).toHaveValue("Half a thought");
});
