import type { Page } from "@playwright/test";

import { expect, test } from "./test";
import { Wire } from "./wire";

const phone = { viewport: { width: 360, height: 720 }, isMobile: true, hasTouch: true };

async function expectNoSidewaysScroll(page: Page) {
  const { wide, screen } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, screen: innerWidth }));
  expect(wide).toBeLessThanOrEqual(screen);
}

test("on a phone there is one pane at a time, and back leads back", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul", ...phone });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await bada.api.makeGroup("Courtyard", [haneul]);
  await bada.api.say(room, "A long word: " + "마당".repeat(60) + " and an address https://example.org/" + "a".repeat(120));
  await haneul.page.goto("/");
  await haneul.chat.ready();
  await expectNoSidewaysScroll(haneul.page);
  await expect(haneul.chat.composer()).not.toBeVisible();

  await haneul.chat.room("Courtyard").tap();
  await expect(haneul.page).toHaveURL(`/rooms/${room.id}`);
  await expect(haneul.chat.message("A long word")).toBeVisible();
  await expect(haneul.chat.rooms()).not.toBeVisible();
  await expectNoSidewaysScroll(haneul.page);

  // Enter breaks the line here; the button sends.
  await haneul.chat.composer().tap();
  await haneul.page.keyboard.type("Two");
  await haneul.page.keyboard.press("Enter");
  await haneul.page.keyboard.type("lines");
  await expect(haneul.chat.composer()).toHaveValue("Two\nlines");
  await haneul.page.getByRole("button", { name: haneul.words.send, exact: true }).tap();
  await haneul.chat.expectSent("Two");
  await expect(haneul.chat.composer()).toBeFocused();
  expect((await bada.api.messages(room)).at(-1)?.body).toBe("Two\nlines");

  await haneul.page.getByRole("link", { name: haneul.words.back }).tap();
  await expect(haneul.page).toHaveURL("/");
  await expect(haneul.chat.room("Courtyard")).toBeVisible();
  await haneul.page.goBack();
  await expect(haneul.chat.message("A long word")).toBeVisible();
});

test("on a phone everything that is tapped is large enough", async ({ arrive }) => {
  const haneul = await arrive("haneul", phone);
  const room = await haneul.api.makeDirect(haneul);
  await haneul.api.say(room, "Hello");
  for (const path of ["/", `/rooms/${room.id}`]) {
    await haneul.page.goto(path);
    await haneul.chat.ready();
    const small = await haneul.page.getByRole("button").or(haneul.page.getByRole("link")).or(haneul.page.getByRole("textbox")).evaluateAll((targets) =>
      targets
        .filter((target) => target.checkVisibility() && !target.closest("article p, .only-heard, .skip"))
        .map((target) => ({ name: target.getAttribute("aria-label") ?? target.textContent, box: target.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 1 && (box.width < 44 || box.height < 44))
        .map(({ name, box }) => `${name}: ${Math.round(box.width)} × ${Math.round(box.height)}`),
    );
    expect(small).toEqual([]);
    const fonts = await haneul.page.getByRole("textbox").evaluateAll((boxes) => boxes.map((box) => Number.parseFloat(getComputedStyle(box).fontSize)));
    for (const size of fonts) expect(size).toBeGreaterThanOrEqual(16);
  }
});

test("the forms fit a phone", async ({ visit }) => {
  const page = await (await visit(phone)).newPage();
  for (const path of ["/", "/login", "/register"]) {
    await page.goto(path);
    await expectNoSidewaysScroll(page);
  }
});

test("on a phone what waits is said inside the room, and can be taken back", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul", phone);
  const room = await haneul.api.makeDirect(haneul);
  const wire = await Wire.of(haneul.context, complaints);
  await haneul.chat.open(room);
  await wire.cut();
  await haneul.chat.composer().fill("In the lift");
  await haneul.page.getByRole("button", { name: haneul.words.send, exact: true }).tap();
  await haneul.page.getByRole("button", { name: haneul.words.waiting(1) }).tap();
  const unsent = haneul.page.getByRole("dialog");
  await expect(unsent).toContainText("In the lift");
  await expectNoSidewaysScroll(haneul.page);
  await unsent.getByRole("button", { name: haneul.words.discard, exact: true }).tap();
  await expect(unsent).toHaveCount(0);
  await expect(haneul.chat.messages()).toHaveCount(0);
});
