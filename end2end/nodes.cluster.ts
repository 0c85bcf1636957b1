import { expect, test } from "./cluster";

test("two people on two nodes talk, type and react as on one", async ({ nodes: [first, second], arriveAt }) => {
  const haneul = await arriveAt(first, "haneul", "Haneul");
  const bada = await arriveAt(second, "bada", "Bada");
  const room = await haneul.api.makeDirect(bada);
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("Are you over there?");
  await bada.page.goto("/");
  await bada.chat.ready();
  await expect(bada.chat.unread("Haneul", 1)).toBeVisible();
  await bada.chat.room("Haneul").click();
  await expect(bada.chat.message("Are you over there?")).toBeVisible();
  await expect(bada.page.getByRole("main").getByText(bada.words.online, { exact: true })).toBeVisible();

  await bada.chat.composer().pressSequentially("Yes, on");
  await expect(haneul.chat.typing("Bada")).toBeVisible();
  await bada.chat.composer().pressSequentially(" the other side");
  await bada.chat.composer().press("Enter");
  await expect(haneul.chat.message("Yes, on the other side")).toBeVisible();
  await haneul.chat.react("Yes, on the other side", "👍");
  await expect(bada.chat.reaction("Yes, on the other side", "👍", 1)).toBeVisible();
  await expect(haneul.chat.unread("Bada", 1)).toHaveCount(0);
});

test("when a node is killed under them people go on, with nothing lost or doubled, and presence is right", async ({
  nodes: [first, second],
  arriveAt,
  complaints,
}) => {
  complaints.expectLostConnections();
  const haneul = await arriveAt(first, "haneul", "Haneul");
  const bada = await arriveAt(second, "bada", "Bada");
  const sora = await arriveAt(first, "sora", "Sora");
  const room = await haneul.api.makeGroup("Courtyard", [bada, sora]);
  const private_ = await sora.api.makeDirect(bada);
  await sora.api.say(private_, "See you.");
  for (const person of [haneul, bada, sora]) await person.chat.open(room);
  await expect(bada.chat.room("Sora").getByText(bada.words.online, { exact: true })).toBeAttached();
  const said: string[] = [];
  const say = async (person: typeof haneul, text: string) => {
    said.push(text);
    await person.chat.send(text);
  };

  for (const n of [1, 2, 3]) {
    await say(haneul, `haneul ${n} before.`);
    await say(bada, `bada ${n} before.`);
  }
  // Haneul's proxy finds the other node. Sora's does not: to everybody else she is gone without a goodbye.
  haneul.door.lead(second);
  await first.kill();
  sora.door.close();
  for (const n of [1, 2, 3]) {
    await say(haneul, `haneul ${n} meanwhile.`);
    await say(bada, `bada ${n} meanwhile.`);
  }
  for (const person of [haneul, bada]) {
    await expect(person.chat.messages()).toHaveCount(said.length, { timeout: 30_000 });
    for (const text of said) await person.chat.expectSent(text);
  }
  const kept = (await bada.api.messages(room)).map((message) => message.body);
  expect([...kept].sort()).toEqual([...said].sort());
  for (const person of [haneul, bada]) await person.chat.expectOrder(kept);

  // Nobody said goodbye for Sora: her presence runs out.
  await expect(bada.chat.room("Sora").getByText(bada.words.online, { exact: true })).toHaveCount(0, { timeout: 45_000 });

  await first.run();
  bada.door.lead(first);
  await bada.page.reload();
  await bada.chat.ready();
  await bada.chat.sendAndSee("Back on the first.");
  await expect(haneul.chat.message("Back on the first.")).toBeVisible();
});
