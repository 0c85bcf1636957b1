import type { Page } from "@playwright/test";

import { expect, test } from "./test";

/** Bytes over the wire, headers and all, as the browser counts them. */
async function weigh(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  let bytes = 0;
  devtools.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  return () => bytes;
}

// The goal is 350 kB; server/bench/README.md says where the rest goes. This keeps it from growing.
test("the first visit takes at most 350 kB, the second next to nothing", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  for (let n = 1; n <= 30; n++) await haneul.api.say(room, `Message ${n}`);
  const first = await weigh(haneul.page);
  await haneul.chat.open(room);
  await haneul.page.waitForLoadState("networkidle");
  console.log(`    first visit: ${Math.round(first() / 1000)} kB`);
  expect(first()).toBeLessThanOrEqual(350_000);
  expect(first()).toBeGreaterThan(50_000);

  const again = await haneul.context.newPage();
  const second = await weigh(again);
  await again.goto(`/rooms/${room.id}`);
  await again.waitForLoadState("networkidle");
  console.log(`    second visit: ${Math.round(second() / 1000)} kB`);
  expect(second()).toBeLessThanOrEqual(40_000);
});

test("the room's messages are in the first HTML", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  await haneul.api.say(room, "Before any script");
  const answer = await haneul.context.request.get(`/rooms/${room.id}`);
  const html = (await answer.text()).replace(/<script[\s\S]*?<\/script>/g, "");
  expect(html).toContain("Before any script");
  expect(answer.headers()["cache-control"]).toContain("no-store");
});

test("what is typed before the page has come to life is kept", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  let letGo = () => {};
  const held = new Promise<void>((done) => (letGo = done));
  await haneul.context.route(/\.wasm$/, async (route) => {
    await held;
    await route.continue();
  });
  await haneul.page.goto(`/rooms/${room.id}`, { waitUntil: "commit" });
  await haneul.chat.composer().fill("Too early");
  letGo();
  await haneul.chat.ready();
  await expect(haneul.chat.composer()).toHaveValue("Too early");
  await haneul.chat.composer().press("Enter");
  await haneul.chat.expectSent("Too early");
});
