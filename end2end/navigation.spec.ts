import { expect, test } from "./test";

test("every room has an address, and back and forward lead through them", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const one = await haneul.api.makeGroup("One", []);
  const two = await haneul.api.makeGroup("Two", []);
  await haneul.api.say(one, "In one");
  await haneul.api.say(two, "In two");
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await haneul.page.evaluate(() => ((window as { stayed?: boolean }).stayed = true));

  await haneul.chat.room("One").click();
  await expect(haneul.page).toHaveURL(`/rooms/${one.id}`);
  await expect(haneul.chat.message("In one")).toBeVisible();
  await haneul.chat.room("Two").click();
  await expect(haneul.page).toHaveURL(`/rooms/${two.id}`);
  await expect(haneul.chat.message("In two")).toBeVisible();
  await expect(haneul.chat.message("In one")).toHaveCount(0);
  await haneul.page.goBack();
  await expect(haneul.chat.message("In one")).toBeVisible();
  await haneul.page.goBack();
  await expect(haneul.page).toHaveURL("/");
  await haneul.page.goForward();
  await haneul.page.goForward();
  await expect(haneul.chat.message("In two")).toBeVisible();
  // All of it without loading the page anew.
  expect(await haneul.page.evaluate(() => (window as { stayed?: boolean }).stayed)).toBe(true);
});

test("a room that does not exist, or is not mine, says the same", async ({ arrive, complaints }) => {
  complaints.expect(/status of 404|refused: .*room_not_found/);
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const hers = await bada.api.makeGroup("Secret garden", []);
  await bada.api.say(hers, "Nobody hears this");
  for (const id of [hers.id, "00000000-0000-7000-8000-000000000000"]) {
    await haneul.page.goto(`/rooms/${id}`);
    await expect(haneul.page.getByRole("heading", { name: haneul.words.notFound })).toBeVisible();
    expect(await haneul.page.content()).not.toContain("Nobody hears this");
    expect(await haneul.page.content()).not.toContain("Secret garden");
  }
});

test("someone who is removed from a room sees nothing of it any more", async ({ arrive, complaints }) => {
  complaints.expect(/status of 404|refused: .*room_not_found/);
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "While you were here");
  await bada.chat.open(room);
  await expect(bada.chat.message("While you were here")).toBeVisible();
  await haneul.api.removeMember(room, bada);
  await expect(bada.chat.room("Courtyard")).toHaveCount(0);
  await haneul.api.say(room, "Now that we are alone");
  await bada.page.reload();
  await expect(bada.page.getByRole("heading", { name: bada.words.notFound })).toBeVisible();
  await expect(bada.page.getByText("Now that we are alone")).toHaveCount(0);
});
