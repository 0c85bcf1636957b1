import { expect, test } from "./test";

test("whoever has no rooms yet is told how others find them, until they have one", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  await haneul.page.goto("/");
  await haneul.chat.ready();
  const foundAs = haneul.page.getByText(haneul.words.foundAs("haneul"));
  await expect(foundAs).toBeVisible();
  await bada.api.makeGroup("Courtyard", [haneul]);
  await expect(haneul.chat.room("Courtyard")).toBeVisible();
  await expect(foundAs).toBeHidden();
});

test("Enter picks who was asked for, not who is still shown", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  await arrive("bada", { name: "Bada" });
  await arrive("sanho", { name: "Sanho" });
  let letGo = () => {};
  const held = new Promise<void>((done) => (letGo = done));
  await haneul.context.route(/\/api\/users\?query=sanho/, async (route) => {
    await held;
    await route.continue();
  });
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await haneul.chat.search().fill("bada");
  await expect(haneul.page.getByRole("search").getByRole("button", { name: "Bada" })).toBeVisible();

  await haneul.chat.search().fill("sanho");
  await haneul.chat.search().press("Enter");
  letGo();
  await expect(haneul.page.getByRole("heading", { name: "Sanho" })).toBeVisible();
});

test("while a room cannot be read, what is written in it stays, and it can be tried again", async ({ arrive, complaints }) => {
  complaints.expect(/status of 500/);
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "Are you there?");
  await bada.page.goto("/");
  await bada.chat.ready();
  // The page is told of its rooms when it connects, and then tries again by itself what has failed.
  await haneul.api.say(room, "Hello?");
  await expect(bada.chat.unread("Courtyard", 2)).toBeVisible();
  const window = /\/api\/rooms\/[^/]+\/window/;
  await bada.context.route(window, (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "internal", detail: "Something broke." }),
    }),
  );
  await bada.chat.room("Courtyard").click();
  const trouble = bada.chat.log().getByRole("alert");
  await expect(trouble).toContainText(bada.words.roomFailed);
  await bada.chat.composer().fill("Not lost");

  let letGo = () => {};
  const held = new Promise<void>((done) => (letGo = done));
  await bada.context.route(window, async (route) => {
    await held;
    await route.continue();
  });
  await trouble.getByRole("button", { name: bada.words.tryAgain }).click();
  await expect(trouble).toHaveCount(0);
  await expect(bada.chat.log()).toBeFocused();
  letGo();
  await expect(bada.chat.message("Are you there?")).toBeVisible();
  await expect(bada.chat.composer()).toBeFocused();
  await expect(bada.chat.composer()).toHaveValue("Not lost");
});

test("a search that fails says so, and only once", async ({ arrive, complaints }) => {
  complaints.expect(/status of 500/);
  const haneul = await arrive("haneul");
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await haneul.context.route(/\/api\/users\?query=/, (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "internal", detail: "Something broke." }),
    }),
  );
  await haneul.chat.search().fill("bada");
  const alert = haneul.page.getByRole("search").getByRole("alert");
  await expect(alert).toBeVisible();
  // What is read out by itself stands in nothing else that is read out.
  await expect(alert.locator("xpath=ancestor::*[@aria-live]")).toHaveCount(0);
});

test("whoever is added is a member at once, and so says the history", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const sanho = await arrive("sanho", { name: "Sanho" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await bada.chat.open(room);
  await bada.chat.membersButton().click();
  await expect(bada.chat.members().getByRole("listitem")).toHaveCount(2);

  await haneul.api.addMember(room, sanho);
  await expect(bada.chat.members().getByRole("listitem")).toHaveCount(3);
  await expect(bada.chat.members().getByText("Sanho", { exact: true })).toBeVisible();
  await expect(bada.chat.log().getByText(bada.words.broughtIn("Haneul", "Sanho"))).toBeVisible();
});

test("a new name is seen by those who look at a room", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await bada.api.say(room, "Who am I?");
  await haneul.chat.open(room);
  await haneul.chat.membersButton().click();
  await expect(haneul.chat.members().getByText("Bada", { exact: true })).toBeVisible();

  await bada.api.rename("Badaui");
  await expect(haneul.chat.members().getByText("Badaui", { exact: true })).toBeVisible();
  await expect(haneul.chat.message("Who am I?")).toHaveAccessibleName(/^Badaui, /);
});

test("only the maker of a room removes people, and is asked before", async ({ arrive, complaints }) => {
  complaints.expect(/status of 404|refused: .*room_not_found/);
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  for (const person of [haneul, bada]) {
    await person.chat.open(room);
    await person.chat.membersButton().click();
    await expect(person.chat.members().getByRole("listitem")).toHaveCount(2);
  }
  await expect(bada.chat.members().getByRole("button", { name: bada.words.removeMember("Haneul") })).toHaveCount(0);

  const remove = haneul.chat.members().getByRole("button", { name: haneul.words.removeMember("Bada") });
  const dialog = haneul.page.getByRole("dialog", { name: haneul.words.removeMember("Bada") });
  await remove.click();
  await dialog.getByRole("button", { name: haneul.words.cancel }).click();
  await expect(dialog).toHaveCount(0);
  await expect(remove).toBeVisible();
  await remove.click();
  await dialog.getByRole("button", { name: haneul.words.remove, exact: true }).click();
  await expect(haneul.chat.members().getByRole("heading", { name: haneul.words.members })).toBeFocused();

  await expect(haneul.chat.members().getByRole("listitem")).toHaveCount(1);
  await expect(haneul.chat.log().getByText(haneul.words.removed("Haneul", "Bada"))).toBeVisible();
  await expect(bada.chat.room("Courtyard")).toHaveCount(0);
});

test("Esc closes the members and gives the focus back, and then marks the room as read", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  for (let n = 1; n <= 60; n++) await haneul.api.say(room, `Story ${n}.`);
  await bada.page.goto("/");
  await bada.chat.ready();
  await bada.chat.room("Courtyard").click();
  await expect(bada.chat.divider()).toBeInViewport();

  await bada.chat.membersButton().click();
  await expect(bada.chat.members()).toBeVisible();
  await bada.page.keyboard.press("Escape");
  await expect(bada.chat.members()).toHaveCount(0);
  await expect(bada.chat.membersButton()).toBeFocused();
  expect((await bada.api.room(room)).unread).toBeGreaterThan(0);

  await bada.page.keyboard.press("Escape");
  await expect(bada.chat.composer()).toBeFocused();
  await expect.poll(async () => (await bada.api.room(room)).unread).toBe(0);
});

test("a drag out of a dialog leaves it open, and a click beside it closes it", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await haneul.page.getByRole("button", { name: haneul.words.newGroup }).click();
  const dialog = haneul.page.getByRole("dialog", { name: haneul.words.newGroup });
  const name = dialog.getByRole("textbox", { name: haneul.words.groupName });
  await name.fill("Persimmons");
  await name.hover();
  await haneul.page.mouse.down();
  await haneul.page.mouse.move(5, 5);
  await haneul.page.mouse.up();
  await expect(name).toHaveValue("Persimmons");
  await expect(dialog).toBeVisible();

  await haneul.page.mouse.click(5, 5);
  await expect(dialog).toHaveCount(0);
});
