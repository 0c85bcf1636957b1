import type { Chat } from "./chat";
import { english, korean } from "./names";
import { expect, test } from "./test";
import { refuseAsTooLarge, Wire } from "./wire";

/** Pictures of what is seldom seen, for whoever looks whether it is well drawn: errors, waiting, dialogs, emptiness. */
const pictures = "../target/screenshots/states";

const looks = [
  { words: korean, colorScheme: "light", size: "desktop", viewport: { width: 1280, height: 800 } },
  { words: english, colorScheme: "dark", size: "phone", viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
] as const;

/** By the button, since Enter breaks the line on a phone. */
async function say(chat: Chat, text: string) {
  await chat.composer().fill(text);
  await chat.page.getByRole("button", { name: chat.words.send, exact: true }).click();
  await expect(chat.composer()).toHaveValue("");
}

for (const { size, ...look } of looks) {
  test(`states, ${size}`, async ({ arrive, visit, complaints }) => {
    complaints.expectLostConnections();
    complaints.expect(/status of 4\d\d/);
    const { words } = look;
    const me = await arrive("haneul", { name: "김하늘", ...look });
    const other = await arrive("bada", { name: "박바다", ...look });
    const third = await arrive("san", { name: "이산", ...look });
    const { page, chat } = me;
    const shot = (name: string, of = page) => of.screenshot({ path: `${pictures}/${name}-${size}.png` });
    const phone = "isMobile" in look;

    await page.goto("/");
    await chat.ready();
    await shot("nothing-yet");
    await page.getByRole("button", { name: words.newGroup }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await shot("new-group");
    await page.keyboard.press("Escape");
    await chat.search().fill("바다");
    await expect(page.getByText("@bada").first()).toBeVisible();
    await shot("finder");
    await page.keyboard.press("Escape");

    const room = await me.api.makeGroup("가을 마당 모임", [other, third]);
    await chat.open(room);
    await shot("empty-room");
    await third.api.removeMember(room, third);
    await other.api.say(room, "토요일 세 시에 마당에서 차 마셔요.");
    const refusals = await refuseAsTooLarge(me.context, "바위");
    await page.reload();
    await chat.ready();
    await say(chat, "조약돌로 쌓은 담");
    await chat.expectSent("조약돌로 쌓은 담");
    await say(chat, "바위만큼 긴 말");
    await expect(chat.message("바위만큼 긴 말").getByRole("alert")).toBeVisible();
    expect(refusals()).toBe(1);
    await shot("not-sent");
    await page.getByRole("button", { name: words.unsent(1) }).click();
    await shot("unsent-list");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: words.members, exact: true }).click();
    await shot("members");
    await page.goto("/settings");
    await chat.ready();
    await shot("settings");
    await page.goto("/rooms/nowhere");
    await chat.ready();
    await shot("not-found");

    const wire = await Wire.of(other.context, complaints);
    await other.chat.open(room);
    await other.context.setOffline(true);
    await wire.cut();
    await say(other.chat, "터널 안이에요");
    await say(other.chat, "아직 터널이에요");
    await expect(other.page.getByText(words.offline)).toBeVisible();
    await shot("offline", other.page);

    const plain = await visit({ ...look, javaScriptEnabled: false });
    const scriptless = await plain.newPage();
    await scriptless.goto("/register");
    await scriptless.getByRole("textbox", { name: words.username }).fill("x");
    await scriptless.getByLabel(words.password).fill("short");
    await shot("register-filled", scriptless);
    await scriptless.getByRole("button", { name: words.register }).click();
    await shot("register-refused", scriptless);
    if (!phone) return;
    await page.setViewportSize({ width: 320, height: 600 });
    await chat.open(room);
    await shot("narrow");
  });
}
