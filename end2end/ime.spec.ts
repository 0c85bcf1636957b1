import type { Page } from "@playwright/test";

import type { Chat } from "./chat";
import { korean } from "./names";
import { expect, test } from "./test";

/**
 * The orders in which browsers and systems report one Enter that ends a syllable, as reported for
 * real ones; the events are made here, because no Linux browser makes most of them.
 * `wait`: the browser turns to other things before it goes on.
 */
type Step = "start" | "end" | "wait" | { update: string } | { enter: { composing: boolean; keyCode: number; key?: string } };

const composing: Step = { enter: { composing: true, keyCode: 229 } };
const process: Step = { enter: { composing: true, keyCode: 229, key: "Process" } };
const plain: Step = { enter: { composing: false, keyCode: 13 } };
const late: Step = { enter: { composing: false, keyCode: 229 } };

const orders: Record<string, Step[]> = {
  "in any browser": ["start", { update: "ㅇ" }, { update: "요" }, composing, "end", "wait"],
  "in Chrome on macOS, with a second keydown at once": ["start", { update: "요" }, composing, { update: "요" }, "end", plain, "wait"],
  "in Chrome on macOS, with a second keydown later": ["start", { update: "요" }, composing, "end", "wait", plain, "wait"],
  "in Electron on macOS, with a plain keydown before the commit": ["start", { update: "요" }, plain, "end", "wait"],
  "in Safari, with the commit before the keydown": ["start", { update: "요" }, "end", late, "wait"],
  "in Windows, with no second keydown": ["start", { update: "요" }, process, "wait", "end", "wait"],
};

/** Plays the steps in the focused text box, and writes into it what an input method would have written. */
async function play(page: Page, steps: Step[]) {
  await page.evaluate(async (steps) => {
    const box = document.activeElement as HTMLTextAreaElement;
    let held = "";
    const compose = (type: string, data: string) =>
      box.dispatchEvent(new CompositionEvent(type, { data, bubbles: true, cancelable: true }));
    const input = () => box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertCompositionText" }));
    // What is composed stands in the box already, at its end.
    const write = (text: string) => {
      box.setRangeText(text, box.value.length - held.length, box.value.length, "end");
      held = text;
      input();
    };
    const wait = () => new Promise((done) => setTimeout(done, 30));
    for (const step of steps) {
      if (step === "start") compose("compositionstart", "");
      else if (step === "end") {
        const text = held;
        // The input method writes the syllable once more, whatever happened to the box meanwhile.
        if (!box.value.endsWith(text)) box.setRangeText(text, box.value.length, box.value.length, "end");
        held = "";
        compose("compositionend", text);
        input();
      } else if (step === "wait") await wait();
      else if ("update" in step) {
        compose("compositionupdate", step.update);
        write(step.update);
      } else {
        const { composing: isComposing, keyCode, key = "Enter" } = step.enter;
        const code = key === "Process" ? "Enter" : key;
        const init = { key, code, keyCode, which: keyCode, isComposing, bubbles: true, cancelable: true };
        const goesOn = box.dispatchEvent(new KeyboardEvent("keydown", init));
        // Where nothing keeps the browser from it, a plain Enter breaks the line.
        if (goesOn && !isComposing && keyCode === 13) box.setRangeText("\n", box.value.length, box.value.length, "end");
        box.dispatchEvent(new KeyboardEvent("keyup", init));
      }
    }
  }, steps);
}

async function expectOneMessage(chat: Chat, text: string) {
  await chat.expectSent(text);
  await expect(chat.messages()).toHaveCount(1);
  await expect(chat.composer()).toHaveValue("");
}

for (const [name, steps] of Object.entries(orders)) {
  test(`one Enter that ends a Korean syllable sends it whole and once, ${name}`, async ({ arrive }) => {
    const haneul = await arrive("haneul", { words: korean });
    const bada = await arrive("bada", { words: korean });
    const room = await haneul.api.makeGroup("마당", [bada]);
    await haneul.chat.open(room);
    await haneul.chat.composer().fill("안녕하세");

    await play(haneul.page, steps);

    await expectOneMessage(haneul.chat, "안녕하세요");
    expect((await bada.api.messages(room)).map((message) => message.body)).toEqual(["안녕하세요"]);
  });
}

test("an Enter that only picks a Japanese candidate sends nothing", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().focus();

  await play(haneul.page, ["start", { update: "にほん" }, { update: "日本" }, composing, "end", "wait"]);
  await expect(haneul.chat.composer()).toHaveValue("日本");
  await expect(haneul.chat.messages()).toHaveCount(0);
  await haneul.chat.composer().press("Enter");
  await expectOneMessage(haneul.chat, "日本");
});

test("the browser's own composition, ended by Enter, sends the syllable whole and once", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().focus();
  const devtools = await haneul.context.newCDPSession(haneul.page);
  for (const text of ["ㅎ", "하", "한"]) {
    await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code: "Enter", windowsVirtualKeyCode: 229 });
  await devtools.send("Input.insertText", { text: "한" });

  await expectOneMessage(haneul.chat, "한");
});

test("the send button in the middle of a syllable sends all of it", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().focus();
  const devtools = await haneul.context.newCDPSession(haneul.page);
  await devtools.send("Input.imeSetComposition", { text: "글", selectionStart: 1, selectionEnd: 1 });
  await haneul.page.getByRole("button", { name: korean.send, exact: true }).click();

  await expectOneMessage(haneul.chat, "글");
});

test("the edit box ends a syllable and saves with one Enter, in every order", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.api.say(room, "첫");
  await haneul.chat.open(room);
  const box = haneul.page.getByRole("textbox", { name: korean.editBox });
  for (const [index, steps] of Object.values(orders).entries()) {
    await haneul.chat.composer().press("ArrowUp");
    await expect(box).toBeFocused();
    await box.fill(`${index} 안녕하세`);

    await play(haneul.page, steps);

    await expect(box).toHaveCount(0);
    await expect(haneul.chat.message(`${index} 안녕하세요`)).toContainText(korean.edited);
    await expect
      .poll(async () => (await haneul.api.messages(room)).map((message) => message.body))
      .toEqual([`${index} 안녕하세요`]);
  }
});

test("an Esc that ends a syllable closes nothing, even where it is told of after the commit", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeGroup("마당", []);
  await haneul.chat.open(room);
  await haneul.chat.membersButton().click();
  await expect(haneul.chat.members()).toBeVisible();
  await haneul.chat.composer().focus();

  await play(haneul.page, ["start", { update: "요" }, "end", { enter: { composing: false, keyCode: 229, key: "Escape" } }, "wait"]);
  await expect(haneul.chat.members()).toBeVisible();
  await haneul.page.keyboard.press("Escape");
  await expect(haneul.chat.members()).toHaveCount(0);
});

test("an Enter that only picks a Japanese candidate submits no form", async ({ arrive }) => {
  const haneul = await arrive("haneul");
  const room = await haneul.api.makeGroup("Courtyard", []);
  await haneul.chat.open(room);
  await haneul.chat.membersButton().click();
  const name = haneul.chat.members().getByRole("textbox");
  await name.fill("");
  const devtools = await haneul.context.newCDPSession(haneul.page);
  await devtools.send("Input.imeSetComposition", { text: "日本", selectionStart: 2, selectionEnd: 2 });
  await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code: "Enter", windowsVirtualKeyCode: 229 });
  await devtools.send("Input.insertText", { text: "日本" });

  await expect(name).toHaveValue("日本");
  await expect(haneul.page.getByRole("heading", { name: "Courtyard", level: 1 })).toBeVisible();
  await name.press("Enter");
  await expect(haneul.page.getByRole("heading", { name: "日本", level: 1 })).toBeVisible();
});

test("text that macOS decomposes arrives composed", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeDirect(haneul);
  await haneul.chat.open(room);
  await haneul.chat.composer().fill("한글".normalize("NFD"));
  await haneul.chat.composer().press("Enter");
  await haneul.chat.expectSent("한글");
  expect((await haneul.api.messages(room)).map((message) => message.body)).toEqual(["한글".normalize("NFC")]);
});

test("who prefers it sends with Ctrl and Enter, and breaks lines with Enter", async ({ arrive }) => {
  const haneul = await arrive("haneul", { words: korean });
  const room = await haneul.api.makeDirect(haneul);
  const key = (name: string) =>
    haneul.page.getByRole("group", { name: korean.enterKey }).getByRole("button", { name, exact: true });
  await haneul.page.goto("/settings");
  await haneul.chat.ready();
  await expect(key(korean.enterSends)).toHaveAttribute("aria-pressed", "true");
  await key(korean.controlEnterSends).click();
  await expect(key(korean.controlEnterSends)).toHaveAttribute("aria-pressed", "true");
  await expect(key(korean.enterSends)).toHaveAttribute("aria-pressed", "false");

  await haneul.chat.open(room);
  await haneul.chat.composer().focus();
  await haneul.page.keyboard.type("두");
  await haneul.page.keyboard.press("Enter");
  await haneul.page.keyboard.type("줄");
  await expect(haneul.chat.composer()).toHaveValue("두\n줄");
  await haneul.page.keyboard.press("Control+Enter");
  await expectOneMessage(haneul.chat, "두");
  expect((await haneul.api.messages(room)).map((message) => message.body)).toEqual(["두\n줄"]);
  await haneul.chat.log().focus();
  await haneul.page.keyboard.press("?");
  await expect(haneul.page.getByRole("dialog").getByText("Ctrl + Enter", { exact: true })).toBeVisible();

  await haneul.page.goto("/settings");
  await haneul.chat.ready();
  await key(korean.enterSends).click();
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("한 줄");
});
