import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { korean } from "./names";
import { expect, test } from "./test";

/** Each violation in a line that says where to look. */
async function expectAccessible(page: Page) {
  // Half-faded text has half the contrast. What goes round for ever is not waited for.
  await page.evaluate(async () => {
    const ends = (animation: Animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished));
  });
  const { violations } = await new AxeBuilder({ page }).analyze();
  const said = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.html}`));
  expect(said).toEqual([]);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`strangers' pages have no violations, ${colorScheme}`, async ({ visit, complaints }) => {
    complaints.expect(/status of 404/);
    const page = await (await visit({ colorScheme })).newPage();
    for (const path of ["/", "/login", "/register", "/nowhere"]) {
      await page.goto(path);
      await expectAccessible(page);
    }
  });

  test(`the chat has no violations, ${colorScheme}`, async ({ arrive }) => {
    const haneul = await arrive("haneul", { name: "하늘", words: korean, colorScheme });
    const bada = await arrive("bada", { name: "Bada" });
    const room = await haneul.api.makeGroup("마당", [bada]);
    const direct = await bada.api.makeDirect(haneul);
    const asked = await bada.api.say(room, "Tea at three? https://example.org/tea");
    await haneul.api.say(room, "좋아요 🍵", asked.id);
    await bada.api.react(room, asked.id, "👍");
    await bada.api.say(direct, "Psst");
    await haneul.page.goto("/");
    await haneul.chat.ready();
    await expectAccessible(haneul.page);

    await haneul.chat.open(room);
    await expect(haneul.chat.message("좋아요")).toBeVisible();
    await expectAccessible(haneul.page);
    // With the actions of a message, and the picker, and the members.
    await haneul.chat.message("Tea at three?").first().hover();
    await haneul.page.getByRole("toolbar").getByRole("button", { name: korean.react }).click();
    await expect(haneul.page.getByRole("group", { name: korean.emojiPicker })).toBeVisible();
    await haneul.chat.membersButton().click();
    await expect(haneul.chat.members()).toBeVisible();
    await expectAccessible(haneul.page);
    // And each dialog.
    const dialog = haneul.page.getByRole("dialog");
    const opens: (() => Promise<void>)[] = [
      () => haneul.page.getByRole("button", { name: korean.newGroup }).click(),
      () => haneul.chat.members().getByRole("button", { name: korean.removeMember("Bada") }).click(),
      () => haneul.chat.askToDelete("좋아요"),
      async () => {
        await haneul.chat.log().focus();
        await haneul.page.keyboard.press("?");
      },
    ];
    for (const open of opens) {
      await open();
      await expect(dialog).toBeVisible();
      await expectAccessible(haneul.page);
      await haneul.page.keyboard.press("Escape");
      await expect(dialog).toHaveCount(0);
    }
    await haneul.page.goto("/settings");
    await haneul.chat.ready();
    await expectAccessible(haneul.page);
  });
}

test("the chat on a phone has no violations", async ({ arrive }) => {
  const haneul = await arrive("haneul", { viewport: { width: 360, height: 720 }, isMobile: true, hasTouch: true });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.api.say(room, "Hello");
  for (const path of ["/", `/rooms/${room.id}`]) {
    await haneul.page.goto(path);
    await haneul.chat.ready();
    await expectAccessible(haneul.page);
  }
});

test("the keyboard alone is enough to answer a message", async ({ arrive }) => {
  const haneul = await arrive("haneul", { name: "Haneul" });
  const bada = await arrive("bada", { name: "Bada" });
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  await haneul.api.say(room, "First");
  await haneul.api.say(room, "Second");
  await bada.chat.open(room);
  await bada.chat.log().focus();
  await bada.page.keyboard.press("ArrowUp");
  await expect(bada.chat.message("Second")).toBeFocused();
  await bada.page.keyboard.press("ArrowUp");
  await expect(bada.chat.message("First")).toBeFocused();
  await bada.page.keyboard.press("r");
  await expect(bada.page.getByText(bada.words.replyingTo("Haneul"))).toBeVisible();
  await bada.page.keyboard.type("An answer");
  await bada.page.keyboard.press("Enter");
  await bada.chat.expectSent("An answer");
  await expect(bada.chat.messages().last()).toContainText("First");
});
