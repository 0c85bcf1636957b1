import { expect, test } from "./test";

test("what came while I was elsewhere is counted, divided off, and counted no more once seen", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const other = await haneul.api.makeGroup("Kitchen", [bada]);
  await haneul.api.say(room, "Old news");
  await bada.chat.open(room);
  await expect(bada.chat.unread("Courtyard", 1)).toHaveCount(0);
  await bada.chat.open(other);

  for (const n of [1, 2, 3]) await haneul.api.say(room, `News ${n}`);
  await expect(bada.chat.unread("Courtyard", 3)).toBeVisible();
  await bada.chat.room("Courtyard").click();

  await expect(bada.chat.divider()).toBeVisible();
  const rows = await bada.chat.log().innerText();
  const at = (text: string) => rows.indexOf(text);
  expect(at("Old news")).toBeLessThan(at(bada.words.newMessages));
  expect(at(bada.words.newMessages)).toBeLessThan(at("News 1"));
  await expect(bada.chat.unread("Courtyard", 3)).toHaveCount(0);
  await expect.poll(async () => (await bada.api.room(room)).unread).toBe(0);

  // It stays where it is while the room is open, and goes with my own next message.
  await haneul.api.say(room, "News 4");
  await expect(bada.chat.message("News 4")).toBeVisible();
  await expect(bada.chat.divider()).toHaveCount(1);
  await bada.chat.sendAndSee("Thanks for the news");
  await expect(bada.chat.divider()).toHaveCount(0);
});

test("nothing divides messages that came while I was watching", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "Are you there?");
  await bada.chat.open(room);
  await expect.poll(async () => (await bada.api.room(room)).unread).toBe(0);
  await bada.page.reload();
  await bada.chat.ready();

  await haneul.api.say(room, "I see you are");
  await expect(bada.chat.message("I see you are")).toBeVisible();
  await expect(bada.chat.divider()).toHaveCount(0);
  await expect.poll(async () => (await bada.api.room(room)).unread).toBe(0);
});

test("what is read on one device is read on the other", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await bada.page.goto("/");
  await bada.chat.ready();
  await haneul.api.say(room, "First");
  await haneul.api.say(room, "Second");
  await expect(bada.chat.unread("Courtyard", 2)).toBeVisible();

  const { head } = await bada.api.room(room);
  await bada.api.readTo(room, head);
  await expect(bada.chat.unread("Courtyard", 2)).toHaveCount(0);
  await expect(bada.chat.room("Courtyard")).toContainText("Second");
});

test("earlier messages load above without moving what is read", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const total = 180;
  for (let n = 1; n <= total; n++) await haneul.api.say(room, `Story ${n}.` + " More of it.".repeat((n * 7) % 40));
  await bada.api.readTo(room, (await bada.api.room(room)).head);
  await bada.chat.open(room);
  await expect(bada.chat.message(`Story ${total}.`)).toBeInViewport();

  // Older messages wait until the wheel has come to rest and what is in view is measured.
  const held: (() => Promise<void>)[] = [];
  await bada.page.route(/\/messages\?before=/, (route) => {
    held.push(() => route.continue());
  });

  // Up to the start, as a wheel does it; what is at the top of the view must stay there.
  const first = bada.chat.message("Story 1.");
  let loads = 0;
  for (let turn = 0; turn < 60 && !(await first.count()); turn++) {
    await bada.chat.log().hover();
    await bada.page.mouse.wheel(0, -1500);
    const read = await bada.chat.log().evaluate(async (log) => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      // The wheel's own scrolling ends first: nothing moves for some frames.
      for (let last = -1, still = 0; still < 6; await frame()) {
        still = last === log.scrollTop ? still + 1 : 0;
        last = log.scrollTop;
      }
      const top = log.getBoundingClientRect().top;
      const row = [...log.querySelectorAll("article")].find((row) => row.getBoundingClientRect().top >= top);
      return /Story \d+\./.exec(row?.textContent ?? "")?.[0];
    });
    const load = held.shift();
    if (!load) continue;
    if (!read) throw new Error("no message begins in view");
    // Of its text, that is: the name above the first of a run goes when older ones of the run come.
    const lowerEdge = async () => {
      const box = await bada.chat.message(read).boundingBox();
      return box ? box.y + box.height : Number.NaN;
    };
    const before = await lowerEdge();
    const rows = await bada.chat.messages().count();
    await load();
    await expect.poll(() => bada.chat.messages().count()).toBeGreaterThan(rows);
    await bada.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    expect(Math.abs((await lowerEdge()) - before)).toBeLessThanOrEqual(1);
    loads++;
  }
  expect(loads).toBeGreaterThan(0);
  await expect(first).toBeVisible();
});

test("new messages do not pull the reader away, and the way back says how many there are", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  for (let n = 1; n <= 60; n++) await haneul.api.say(room, `Story ${n}.`);
  await bada.api.readTo(room, (await bada.api.room(room)).head);
  await bada.chat.open(room);
  await expect(bada.chat.message("Story 60.")).toBeInViewport();

  const read = bada.chat.message("Story 30.");
  await read.scrollIntoViewIfNeeded();
  const jump = bada.page.getByRole("button", { name: bada.words.jumpToLatest });
  await expect(jump).toBeVisible();
  const before = await read.boundingBox();
  await haneul.api.say(room, "Meanwhile");
  await expect(jump).toHaveAccessibleName(/1/);
  expect((await read.boundingBox())?.y).toBeCloseTo(before?.y ?? Number.NaN, 0);
  await jump.click();
  await expect(bada.chat.message("Meanwhile")).toBeInViewport();
  await expect(jump).toHaveCount(0);
});

test("the sender sees when everyone has read", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("Have you read this?");
  await expect(haneul.chat.message("Have you read this?").getByText(haneul.words.notReadBy(1))).toHaveCount(1);
  await bada.chat.open(room);
  await expect(haneul.chat.message("Have you read this?").getByText(haneul.words.readByAll)).toHaveCount(1);
});
