import { english, korean } from "./names";
import { expect, test } from "./test";

for (const words of [english, korean]) {
  test(`the browser's language is spoken from the first page on: ${words.locale}`, async ({ arrive, visit }) => {
    const page = await (await visit({ words })).newPage();
    await page.goto("/");
    await expect(page.locator("html")).toHaveAttribute("lang", words.locale.slice(0, 2));
    await expect(page.getByRole("link", { name: words.register })).toBeVisible();

    const haneul = await arrive("haneul", { words });
    const bada = await arrive("bada", { words });
    const room = await haneul.api.makeGroup("Courtyard", [bada]);
    await haneul.chat.open(room);
    await haneul.chat.sendAndSee("지금 몇 시예요?");
    await expect(haneul.chat.log().getByText(words.today, { exact: true })).toBeVisible();
    await expect(haneul.chat.message("지금 몇 시예요?")).toHaveAccessibleName(words.timeOfDay);
    await expect(haneul.chat.room("Courtyard")).toContainText(words.timeOfDay);
    await bada.page.goto("/");
    await expect(bada.chat.unread("Courtyard", 1)).toBeVisible();
  });
}

test("times are those of the reader, on the server's page too", async ({ arrive }) => {
  const haneul = await arrive("haneul", { timezoneId: "Asia/Seoul" });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.api.say(room, "When?");
  await haneul.chat.open(room);
  const shown = (zone: string) =>
    new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", timeZone: zone })
      .format(new Date())
      .replace("\u202f", " ");
  const article = haneul.chat.message("When?");
  const hour = (text: string) => text.replace(/:\d\d/, "");
  await expect.poll(async () => hour((await article.getAttribute("aria-label")) ?? "")).toContain(hour(shown("Asia/Seoul")));

  // From the second page on the server knows the offset, and draws the same.
  const html = await (await haneul.context.request.get(`/rooms/${room.id}`)).text();
  expect(hour(html.match(/haneul, \d+:\d\d [AP]M/)?.[0] ?? "")).toContain(hour(shown("Asia/Seoul")));
});

test("language and theme are chosen in the settings, and stay", async ({ arrive }) => {
  const haneul = await arrive("haneul", { colorScheme: "light" });
  await haneul.page.goto("/settings");
  await haneul.chat.ready();
  const ground = () => haneul.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await haneul.page.getByRole("group", { name: english.theme }).getByRole("button", { name: english.themeDark }).click();
  await expect.poll(ground).not.toBe(light);
  await haneul.page.getByRole("group", { name: english.language }).getByRole("button", { name: "한국어" }).click();
  await expect(haneul.page.getByRole("heading", { name: korean.settings })).toBeVisible();
  await haneul.page.goto("/");
  await expect(haneul.page.locator("html")).toHaveAttribute("lang", "ko");
  expect(await ground()).not.toBe(light);
});
