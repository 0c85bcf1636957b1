import { korean } from "./names";
import { expect, test } from "./test";
import { Wire } from "./wire";

test("two people talk, and each sees at once what the other says", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await bada.chat.open(room);
  await expect(haneul.page.getByText(haneul.words.emptyRoom)).toBeVisible();

  await haneul.chat.sendAndSee("Tea at three?");
  await expect(bada.chat.message("Tea at three?")).toBeVisible();
  await bada.chat.sendAndSee("세 시 좋아요 🍵");
  await haneul.chat.sendAndSee("See you there");

  const said = ["Tea at three?", "세 시 좋아요 🍵", "See you there"];
  await haneul.chat.expectOrder(said);
  await bada.chat.expectOrder(said);
  await expect(bada.chat.message("Tea at three?")).toHaveAccessibleName(/^Haneul, \d+:\d\d (AM|PM)$/);
  await expect(bada.chat.message("Tea at three?")).toHaveAccessibleDescription("Tea at three?");
});

test("what is said is announced, and the same said again is announced again", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "Hello");
  await bada.chat.open(room);
  await expect(bada.chat.message("Hello")).toBeVisible();

  const announced = bada.page.getByRole("status").filter({ hasText: "Haneul: Anyone?" });
  await haneul.api.say(room, "Anyone?");
  await expect(announced).toHaveCount(1);
  // Only another text is read out.
  const before = await announced.textContent();
  await haneul.api.say(room, "Anyone?");
  await expect.poll(() => announced.textContent()).not.toBe(before);
  await expect(announced).toHaveCount(1);
});

test("many messages sent by both at once are in the same order for both", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await bada.chat.open(room);

  const texts = (name: string) => Array.from({ length: 10 }, (_, n) => `${name} says ${n}.`);
  const say = async (person: typeof haneul) => {
    for (const text of texts(person.username)) await person.chat.send(text);
  };
  await Promise.all([say(haneul), say(bada)]);

  await expect(haneul.chat.messages()).toHaveCount(20);
  await expect(bada.chat.messages()).toHaveCount(20);
  const kept = (await haneul.api.messages(room)).map((message) => message.body);
  await haneul.chat.expectOrder(kept);
  await bada.chat.expectOrder(kept);
  expect(kept.filter((text) => text.startsWith("haneul"))).toEqual(texts("haneul"));
  expect(kept.filter((text) => text.startsWith("bada"))).toEqual(texts("bada"));
});

test("a person is found by name, and the first message makes the room", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "바다" });
  await bada.page.goto("/");
  await bada.chat.ready();
  await haneul.page.goto("/");
  await haneul.chat.ready();

  await haneul.chat.search().fill("바다");
  await haneul.page.getByRole("search").getByRole("button", { name: "바다" }).click();
  await haneul.chat.sendAndSee("Hello, sea");

  await expect(bada.chat.room("Haneul")).toContainText("Hello, sea");
  await expect(bada.chat.unread("Haneul", 1)).toBeVisible();
  await bada.chat.room("Haneul").click();
  await bada.chat.sendAndSee("Hello, sky");
  await expect(haneul.chat.message("Hello, sky")).toBeVisible();
});

test("initial consonants find rooms, and people whose names are known", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "하늘", words: korean });
  const bada = await arrive("bada", { name: "바다" });
  const room = await haneul.api.makeGroup("마당", [bada]);
  await bada.api.say(room, "여기 있어요");
  await haneul.api.makeGroup("부엌", [bada]);
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await expect(haneul.chat.room("부엌")).toBeVisible();

  await haneul.chat.search().fill("ㅁㄷ");
  await expect(haneul.chat.room("마당")).toBeVisible();
  await expect(haneul.chat.room("부엌")).toHaveCount(0);
  await haneul.chat.search().fill("ㅂㄷ");
  await expect(haneul.page.getByRole("search").getByRole("button", { name: "바다" })).toBeVisible();
});

test("while the connection is down nobody is said to be here", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeDirect(bada);
  await bada.chat.open(room);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  const online = haneul.page.getByText(haneul.words.online, { exact: true });
  const said = () => online.evaluateAll((words) => words.filter((word) => word.checkVisibility()).length);
  await expect.poll(said).toBeGreaterThan(0);

  await wire.cut();
  await expect(haneul.page.getByText(haneul.words.connecting, { exact: true })).toBeVisible();
  expect(await said()).toBe(0);
  wire.mend();
  await expect.poll(said).toBeGreaterThan(0);
});

test("a group is made with a name and people", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  await haneul.page.goto("/");
  await bada.page.goto("/");
  await haneul.chat.ready();
  await bada.chat.ready();

  await haneul.page.getByRole("button", { name: haneul.words.newGroup }).click();
  const dialog = haneul.page.getByRole("dialog", { name: haneul.words.newGroup });
  await dialog.getByRole("textbox", { name: haneul.words.groupName }).fill("Persimmons");
  await dialog.getByRole("searchbox", { name: haneul.words.groupPeople }).fill("bad");
  await dialog.getByRole("button", { name: haneul.words.addPerson("Bada") }).click();
  await dialog.getByRole("button", { name: haneul.words.makeGroup }).click();

  await expect(haneul.page.getByRole("heading", { name: "Persimmons" })).toBeVisible();
  await expect(bada.chat.room("Persimmons")).toBeVisible();
});

test("typing is seen by the others, and ends when the message is there", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await bada.chat.open(room);

  await haneul.chat.composer().pressSequentially("Let me think");
  await expect(bada.chat.typing("Haneul")).toBeVisible();
  await expect(haneul.chat.typing("Haneul")).toHaveCount(0);
  await haneul.chat.composer().press("Enter");
  await expect(bada.chat.message("Let me think")).toBeVisible();
  await expect(bada.chat.typing("Haneul")).toHaveCount(0);
});

test("another person is seen to come, to go and to come again", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeDirect(bada);
  await haneul.api.say(room, "Are you there?");
  await haneul.chat.open(room);
  const inList = haneul.chat.room("Bada").getByText(haneul.words.online, { exact: true });
  const inRoom = haneul.page.getByRole("main").getByText(haneul.words.online, { exact: true });
  await haneul.chat.sendAndSee("I wait");
  await expect(inList).toHaveCount(0);
  await expect(inRoom).toHaveCount(0);

  await bada.page.goto("/");
  await expect(inList).toBeAttached();
  await expect(inRoom).toBeVisible();
  // Going is told only after longer than a reload takes.
  await bada.page.close();
  await expect(inList).toHaveCount(0, { timeout: 20_000 });
  await expect(inRoom).toHaveCount(0);
  const again = await bada.context.newPage();
  await again.goto("/");
  await expect(inList).toBeAttached();
  await expect(inRoom).toBeVisible();
});

test("the box grows with what is written, up to less than half of the screen, and is small again once it is sent", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  await haneul.chat.open(await haneul.api.makeDirect(haneul));
  const box = haneul.chat.composer();
  const height = async () => Math.round((await box.boundingBox())?.height ?? Number.NaN);
  const write = (lines: number) => box.fill(Array.from({ length: lines }, (_, n) => `Line ${n}`).join("\n"));
  const one = await height();

  await write(2);
  await expect.poll(height).toBeGreaterThan(one);
  const two = await height();
  await write(4);
  await expect.poll(height).toBeGreaterThan(two);
  await write(60);
  await expect.poll(() => box.evaluate((box) => box.scrollHeight > box.clientHeight)).toBe(true);
  const most = await height();
  expect(most).toBeGreaterThan(two);
  expect(most).toBeLessThan((haneul.page.viewportSize()?.height ?? 0) / 2);
  await write(120);
  expect(await height()).toBe(most);
  await expect(haneul.page.getByRole("button", { name: haneul.words.send, exact: true })).toBeInViewport();

  await write(3);
  await expect.poll(height).toBeLessThan(most);
  await box.press("Enter");
  await expect(box).toHaveValue("");
  await expect.poll(height).toBe(one);
});
