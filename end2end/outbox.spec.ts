import { Chat } from "./chat";
import { clearKept, keptIn } from "./kept";
import { expect, test } from "./test";
import { refuseAsTooLarge, Wire } from "./wire";

test("what is written without a connection waits, survives a reload, and is sent once", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const wire = await Wire.of(haneul.context, complaints);
  await bada.chat.open(room);
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("Before");

  await wire.cut();
  await haneul.chat.send("In the tunnel");
  await haneul.chat.send("Still in the tunnel");
  await expect(haneul.page.getByText(haneul.words.waiting(2))).toBeVisible();
  await expect(haneul.chat.message("Still in the tunnel").getByText(haneul.words.sending)).toHaveCount(1);

  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.page.getByText(haneul.words.waiting(2))).toBeVisible();
  await haneul.chat.expectOrder(["Before", "In the tunnel", "Still in the tunnel"]);
  expect(await bada.api.messages(room)).toHaveLength(1);

  wire.mend();
  for (const person of [haneul, bada]) {
    await person.chat.expectOrder(["Before", "In the tunnel", "Still in the tunnel"]);
  }
  await haneul.chat.expectSent("Still in the tunnel");
  await expect(haneul.page.getByText(haneul.words.waiting(2))).toHaveCount(0);
  expect((await bada.api.messages(room)).map((message) => message.body)).toEqual([
    "Before",
    "In the tunnel",
    "Still in the tunnel",
  ]);
});

test("a message whose acknowledgement was lost is not there twice", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  let receipts = 0;
  await haneul.context.routeWebSocket(/\/stomp/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      // The first receipt of a message is lost, and the connection with it.
      const isForMessage = sending && String(frame).startsWith("RECEIPT");
      if (isForMessage && receipts++ === 0) void socket.close({ code: 1001 });
      else socket.send(frame);
    });
  });
  let sending = false;
  await haneul.chat.open(room);
  await bada.chat.open(room);
  await haneul.chat.composer().fill("Once");
  sending = true;
  await haneul.chat.composer().press("Enter");

  await haneul.chat.expectSent("Once");
  await expect.poll(() => receipts).toBeGreaterThan(1);
  await haneul.chat.sendAndSee("Twice");
  await bada.chat.expectOrder(["Once", "Twice"]);
  await expect(bada.chat.messages()).toHaveCount(2);
  expect(await bada.api.messages(room)).toHaveLength(2);
});

test("a message that the server cannot store waits, says why, and goes when it can", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  let full = true;
  await haneul.context.routeWebSocket(/\/stomp/, (socket) => {
    const server = socket.connectToServer();
    let errors = "";
    socket.onMessage((data) => {
      const frame = String(data);
      if (frame.includes("destination:/user/queue/errors")) errors = /^id:(.*)$/m.exec(frame)?.[1] ?? "";
      if (!full || !frame.includes("destination:/pub/chat/message")) {
        server.send(data);
        return;
      }
      // As a server answers whose disk is full.
      const { id } = JSON.parse(frame.slice(frame.indexOf("\n\n") + 2, frame.lastIndexOf("\0"))) as { id: string };
      const problem = JSON.stringify({ code: "cannot_write", detail: "Nothing can be stored: the disk is full.", id });
      socket.send(
        `MESSAGE\nsubscription:${errors}\nmessage-id:1\ndestination:/user/queue/errors\n\n${problem}\0`,
      );
    });
  });
  await haneul.chat.open(room);
  await haneul.chat.send("Is there room?");
  const said = haneul.chat.message("Is there room?");
  await expect(said.getByRole("status").filter({ hasText: /disk|디스크/ })).toBeVisible();
  full = false;
  await haneul.chat.expectSent("Is there room?");
  await expect(said.getByRole("status")).toHaveCount(0);
  expect(await haneul.api.messages(room)).toHaveLength(1);
});

test("without a network the page says so, and goes on when it is back", async ({ arrive, complaints }) => {
  complaints.expectLostConnections();
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  await bada.chat.open(room);

  await haneul.context.setOffline(true);
  await wire.cut();
  await expect(haneul.page.getByText(haneul.words.offline)).toBeVisible();
  await haneul.chat.send("From the mountain");
  await bada.chat.sendAndSee("Where are you?");
  await bada.chat.edit("Where are you?", "Where are you both?");

  wire.mend();
  await haneul.context.setOffline(false);
  await expect(haneul.chat.message("Where are you both?")).toBeVisible();
  await expect(haneul.page.getByText(haneul.words.offline)).toHaveCount(0);
  for (const person of [haneul, bada]) {
    await person.chat.expectOrder(["Where are you both?", "From the mountain"]);
    await expect(person.chat.messages()).toHaveCount(2);
  }
});

test("a server killed and started again under two open browsers loses nothing and doubles nothing", async ({
  arrive,
  server,
  complaints,
}) => {
  complaints.expectLostConnections();
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await bada.chat.open(room);
  const said: string[] = [];
  const say = async (person: typeof haneul, text: string) => {
    said.push(text);
    await person.chat.send(text);
  };

  for (const round of [1, 2]) {
    // Nothing waits for an answer here: some of these are in flight when the server dies.
    for (const n of [1, 2, 3, 4, 5]) await say(haneul, `Round ${round}: haneul ${n} before.`);
    await say(bada, `Round ${round}: bada before.`);
    await server.kill();
    for (const n of [1, 2]) await say(haneul, `Round ${round}: haneul ${n} meanwhile.`);
    await say(bada, `Round ${round}: bada meanwhile.`);
    await server.run();
    for (const person of [haneul, bada]) {
      await expect(person.chat.messages()).toHaveCount(said.length, { timeout: 30_000 });
      for (const text of said) await person.chat.expectSent(text);
    }
  }

  const kept = (await bada.api.messages(room)).map((message) => message.body);
  expect([...kept].sort()).toEqual([...said].sort());
  const of = (name: string, texts: string[]) => texts.filter((text) => text.includes(name));
  for (const name of ["haneul", "bada"]) expect(of(name, kept)).toEqual(of(name, said));
  await haneul.chat.expectOrder(kept);
  await bada.chat.expectOrder(kept);
  await haneul.page.reload();
  await haneul.chat.ready();
  await haneul.chat.expectOrder(kept);
});

test("a draft is kept over a reload, and never leaks into another room", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const one = await haneul.api.makeGroup("One", [bada]);
  await haneul.api.makeGroup("Two", [bada]);
  await haneul.chat.open(one);
  await haneul.chat.composer().fill("Half a thou");
  await haneul.chat.room("Two").click();
  await expect(haneul.page.getByRole("heading", { name: "Two" })).toBeVisible();
  await expect(haneul.chat.composer()).toHaveValue("");
  await haneul.chat.room("One").click();
  await expect(haneul.chat.composer()).toHaveValue("Half a thou");
  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.composer()).toHaveValue("Half a thou");
  await haneul.chat.composer().press("Enter");
  await haneul.chat.expectSent("Half a thou");
});

test("what a message answers, and an edit, are kept over a reload", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await bada.api.say(room, "Who brings the tea?");
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("See you at tree");
  const box = haneul.page.getByRole("textbox", { name: haneul.words.editBox });
  await haneul.chat.composer().press("ArrowUp");
  await box.fill("See you at three");
  await haneul.chat.reply("Who brings the tea?");
  await haneul.chat.composer().fill("Perhaps I");
  await expect.poll(() => keptIn(haneul.page)).toContain("Perhaps I");

  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.composer()).toHaveValue("Perhaps I");
  await expect(haneul.page.getByText(haneul.words.replyingTo("bada"))).toBeVisible();
  await expect(box).toHaveValue("See you at three");

  await box.press("Enter");
  await expect(haneul.chat.message("See you at three")).toContainText(haneul.words.edited);
  await haneul.chat.composer().press("Enter");
  await haneul.chat.expectSent("Perhaps I");
  await expect(haneul.chat.message("Perhaps I")).toContainText("Who brings the tea?");
});

test("an edit of a message that is far back by now is not lost, and leads there", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("See you at tree");
  const box = haneul.page.getByRole("textbox", { name: haneul.words.editBox });
  await haneul.chat.composer().press("ArrowUp");
  await box.fill("See you at three");
  await expect.poll(() => keptIn(haneul.page)).toContain("See you at three");
  for (let n = 1; n <= 60; n++) await bada.api.say(room, `Story ${n}.` + " More of it.".repeat(40));

  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.message("Story 60.")).toBeVisible();
  await expect(haneul.page.getByText("See you at three")).toBeVisible();
  await expect(box).toHaveCount(0);
  const original = haneul.page.getByRole("button", { name: haneul.words.showOriginal });
  await original.click();
  await expect(box).toHaveValue("See you at three");
  await expect(original).toHaveCount(0);
  await box.press("Enter");
  await expect(haneul.chat.message("See you at three")).toContainText(haneul.words.edited);
});

test("what is too large for the server is not sent for ever, and is found from every room", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.makeGroup("Orchard", [bada]);
  const refusals = await refuseAsTooLarge(haneul.context, "Boulder");
  await haneul.chat.open(room);
  await haneul.chat.send("Boulder");
  await expect(haneul.chat.message("Boulder").getByRole("alert")).toContainText(haneul.words.notSent);
  await haneul.chat.sendAndSee("Pebble");
  expect(refusals()).toBe(1);

  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.message("Boulder").getByRole("button", { name: haneul.words.copy, exact: true })).toBeVisible();
  await haneul.chat.room("Orchard").click();
  await expect(haneul.page.getByRole("heading", { name: "Orchard" })).toBeVisible();
  await haneul.page.getByRole("button", { name: haneul.words.unsent(1) }).click();
  const unsent = haneul.page.getByRole("dialog");
  await expect(unsent).toContainText("Courtyard");
  await expect(unsent).toContainText("Boulder");
  await unsent.getByRole("button", { name: haneul.words.discard, exact: true }).click();
  await expect(unsent).toHaveCount(0);
  await expect(haneul.page.getByRole("button", { name: haneul.words.unsent(1) })).toHaveCount(0);
  expect(refusals()).toBe(1);
  expect(await bada.api.messages(room)).toHaveLength(1);
});

test("a refused edit can still be read beside the message, whatever is done after it", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await refuseAsTooLarge(haneul.context, "boulders");
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("A wall of pebbles");
  await haneul.chat.edit("A wall of pebbles", "A wall of boulders");
  const message = haneul.chat.message("A wall of pebbles");
  const refusal = message.getByRole("alert");
  await expect(refusal).toContainText(haneul.words.changeFailed);
  await expect(refusal).toContainText("A wall of boulders");

  await haneul.chat.react("A wall of pebbles", "👍");
  await expect(haneul.chat.reaction("A wall of pebbles", "👍", 1)).toBeVisible();
  await expect(refusal).toContainText("A wall of boulders");
  await refusal.getByRole("button", { name: haneul.words.discard, exact: true }).click();
  await expect(message.getByRole("alert")).toHaveCount(0);
});

test("what the browser will not keep stays in the box, and closing the page asks", async ({ arrive, complaints }) => {
  complaints.expect(/IndexedDB refused/);
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  await haneul.context.addInitScript(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("The disk is full.", "QuotaExceededError");
    };
  });
  await haneul.chat.open(room);
  await haneul.chat.composer().fill("Not lost");
  await haneul.chat.composer().press("Enter");
  await expect(haneul.page.getByRole("alert")).toContainText("This browser would not store it");
  await expect(haneul.chat.composer()).toHaveValue("Not lost");
  await expect(haneul.chat.messages()).toHaveCount(0);

  // Away from the box: it is tried to be kept as a draft.
  await haneul.chat.search().focus();
  const asked = haneul.page.waitForEvent("dialog");
  await haneul.page.close({ runBeforeUnload: true });
  const question = await asked;
  expect(question.type()).toBe("beforeunload");
  await question.accept();
});

test("two tabs of one person send what waits once", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  const tab = await haneul.context.newPage();
  await tab.goto(haneul.page.url());

  await wire.cut();
  await haneul.chat.send("From the first tab");
  await tab.getByRole("textbox", { name: haneul.words.composer, exact: true }).fill("From the second tab");
  await tab.keyboard.press("Enter");
  await expect(tab.getByRole("textbox", { name: haneul.words.composer, exact: true })).toHaveValue("");
  wire.mend();

  await bada.chat.open(room);
  await expect(bada.chat.messages()).toHaveCount(2);
  for (const page of [haneul.page, tab]) {
    await expect(page.getByRole("article").filter({ hasText: "From the first tab" })).toHaveCount(1);
    await expect(page.getByRole("article").filter({ hasText: "From the second tab" })).toHaveCount(1);
  }
  expect(await bada.api.messages(room)).toHaveLength(2);
});

test("what is said in one tab goes after what was said in another before", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const wire = await Wire.of(haneul.page, complaints);
  await haneul.chat.open(room);
  const tab = new Chat(await haneul.context.newPage(), haneul.words);
  await tab.open(room);
  await tab.sendAndSee("Good morning");

  await wire.cut();
  await haneul.chat.send("First");
  await tab.sendAndSee("Second");
  const said = ["Good morning", "First", "Second"];
  expect((await bada.api.messages(room)).map((message) => message.body)).toEqual(said);

  wire.mend();
  await haneul.chat.expectOrder(said);
  await haneul.chat.expectSent("First");
  expect(await bada.api.messages(room)).toHaveLength(3);
});

test("what waits outlives the clearing of what the browser keeps", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  await wire.cut();
  await haneul.chat.send("In the tunnel");
  await expect(haneul.page.getByText(haneul.words.waiting(1))).toBeVisible();

  await clearKept(haneul.page);
  expect(await keptIn(haneul.page)).not.toContain("In the tunnel");
  // As when somebody comes back to the tab.
  await haneul.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect.poll(() => keptIn(haneul.page)).toContain("In the tunnel");
  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.message("In the tunnel")).toBeVisible();

  wire.mend();
  await haneul.chat.expectSent("In the tunnel");
  expect(await haneul.api.messages(room)).toHaveLength(1);
});
