import type { BrowserContext, Page } from "@playwright/test";

import { keptIn } from "./kept";
import { expect, test } from "./test";

/** What would set `hacked` if anything that people typed became markup, in any of the places where it is shown. */
const attempts = [
  "<script>window.hacked = 1</script>",
  "</script><script>window.hacked = 2</script>",
  "</title><script>window.hacked = 3</script>",
  "</textarea><script>window.hacked = 4</script>",
  `"><img src=x onerror="window.hacked = 5">`,
  "<svg onload=window.hacked=6>",
  "<!--<script>window.hacked = 7</script>-->",
  "{{constructor.constructor('window.hacked = 8')()}}",
  "javascript:window.hacked=9",
  "https://example.org/\"onmouseover=\"window.hacked=10",
  "&lt;b&gt;entities&lt;/b&gt; & \u2028 </div>",
];

async function expectNothingRan(page: Page) {
  expect(await page.evaluate(() => (window as { hacked?: number }).hacked)).toBeUndefined();
  const links = await page.getByRole("link").evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol));
  expect(links.filter((protocol) => !["http:", "https:"].includes(protocol))).toEqual([]);
}

const escaped = (text: string) => text.replace(/[^\w ]/g, "\\$&");

function shown(context: BrowserContext) {
  context.on("dialog", (dialog) => {
    throw new Error(`a script asked: ${dialog.message()}`);
  });
}

test("what people write in messages is shown as they wrote it, and never runs", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  shown(bada.context);
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  for (const attempt of attempts) await haneul.api.say(room, attempt);

  // Once as the server draws it, once as it arrives.
  await bada.chat.open(room);
  for (const attempt of attempts) await expect(bada.chat.message(attempt).first()).toBeVisible();
  await expectNothingRan(bada.page);
  for (const attempt of attempts) await haneul.api.say(room, `Live: ${attempt}`);
  for (const attempt of attempts) await expect(bada.chat.message(`Live: ${attempt}`)).toBeVisible();
  await expectNothingRan(bada.page);
});

test("names of people and rooms are never markup", async ({ arrive }) => {
  for (const [n, name] of ["<b onclick=hacked=1>", "</title><script>hacked=2</script>", `"><img src=x onerror=hacked=3>`].entries()) {
    const haneul = await arrive(`haneul${n}`, { name });
    const bada = await arrive(`bada${n}`);
    shown(bada.context);
    const room = await haneul.api.makeGroup(`</title><script>hacked=${n}</script>`, [bada]);
    const direct = await haneul.api.makeDirect(bada);
    const asked = await haneul.api.say(room, "Who am I?");
    await bada.api.say(room, "You are you", asked.id);
    await bada.api.react(room, asked.id, "👍");
    await haneul.api.say(direct, "Hello");

    await bada.chat.open(room);
    await expect(bada.page.getByRole("heading", { name: "</title>" })).toBeVisible();
    await expect(bada.chat.room(name)).toBeVisible();
    await expect(bada.chat.message("Who am I?").first()).toHaveAttribute("aria-label", new RegExp(`^${escaped(name)}, `));
    await bada.page.getByRole("button", { name: bada.words.members, exact: true }).click();
    await expectNothingRan(bada.page);
    await bada.chat.open(direct);
    await expectNothingRan(bada.page);
  }
});

test("a draft and an edit are never markup either", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  const evil = "</textarea><script>window.hacked = 1</script>";
  await haneul.api.say(room, evil);
  await haneul.chat.open(room);
  await haneul.chat.composer().press("ArrowUp");
  await expect(haneul.page.getByRole("textbox", { name: haneul.words.editBox })).toHaveValue(evil);
  await haneul.page.keyboard.press("Escape");
  await haneul.chat.composer().fill(evil);
  await expect.poll(() => keptIn(haneul.page)).toContain("textarea");
  await haneul.page.reload();
  await haneul.chat.ready();
  await expect(haneul.chat.composer()).toHaveValue(evil);
  await expectNothingRan(haneul.page);
});

test("a name that is refused is given back in the form as it was typed", async ({ visit, complaints }) => {
  complaints.expect(/status of 401/);
  const context = await visit({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/login");
  const evil = `"><script>window.hacked = 1</script>`;
  await page.getByRole("textbox", { name: "Username" }).fill(evil);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Username" })).toHaveValue(evil);
});

test("pages forbid every script that is not their own", async ({ page, server, arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  const answers = [await page.goto(server.url), await haneul.page.goto(`/rooms/${room.id}`)];
  for (const answer of answers) {
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy).toMatch(/script-src [^;]*'nonce-/);
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(policy).toContain("frame-ancestors 'none'");
  }
});
