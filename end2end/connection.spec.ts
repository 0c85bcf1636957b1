import { expect, test } from "./test";
import { Wire } from "./wire";

test("a short break is not mentioned, and a longer one once it has lasted two seconds", async ({ arrive, complaints }) => {
  const haneul = await arrive("haneul");
  const bada = await arrive("bada");
  const room = await haneul.api.makeGroup("Courtyard", [bada]);
  const wire = await Wire.of(haneul.context, complaints);
  const { connecting, catchingUp } = haneul.words;
  const mentioned = haneul.page.getByText(new RegExp(`^(${connecting}|${catchingUp})$`));
  await haneul.page.clock.install();
  await haneul.chat.open(room);
  await haneul.chat.sendAndSee("Good morning");
  // From here on the page's time passes only where it is said to.
  await haneul.page.clock.pauseAt((await haneul.page.evaluate(() => Date.now())) + 5_000);

  await wire.cut();
  wire.mend();
  await expect(mentioned).toHaveCount(0);
  // It comes back within half a second at first.
  await haneul.page.clock.runFor(500);
  await bada.api.say(room, "Back in no time");
  await expect(haneul.chat.message("Back in no time")).toBeVisible();
  await haneul.page.clock.runFor(1_600);
  await expect(mentioned).toHaveCount(0);

  await wire.cut();
  await haneul.page.clock.runFor(1_900);
  await expect(mentioned).toHaveCount(0);
  await haneul.page.clock.runFor(200);
  await expect(haneul.page.getByText(connecting, { exact: true })).toBeVisible();
  wire.mend();
  await haneul.page.clock.resume();
  await expect(mentioned).toHaveCount(0);
});
