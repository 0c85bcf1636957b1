import { english, korean, type Names } from "./names";
import type { Person, Room } from "./people";
import { test } from "./test";

/** Pictures of a conversation that could be anybody's, in both languages, both themes and on both sizes. */
const pictures = "../target/screenshots";

const sizes = {
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true },
};

interface Scene {
  words: Names;
  me: string;
  others: [string, string, string];
  room: string;
  elsewhere: string[];
  /** Who (0 is me), what, and which earlier line it answers. */
  lines: [who: number, text: string, answers?: number][];
  direct: string;
}

const scenes: Scene[] = [
  {
    words: korean,
    me: "김하늘",
    others: ["박바다", "이산", "최가람"],
    room: "가을 마당 모임",
    elsewhere: ["동네 책방", "주말 산행"],
    lines: [
      [1, "토요일 세 시에 마당에서 차 마셔요. 감도 다 익었어요."],
      [1, "오실 수 있는 분?"],
      [0, "저 갈게요! 다과는 제가 챙겨 갈까요?"],
      [2, "좋아요. 저는 네 시쯤 도착할 것 같아요.", 0],
      [3, "지난번에 갔던 길 지도예요 https://example.org/map"],
      [1, "네 시면 딱 좋아요. 차는 그때 새로 우릴게요 🍵", 3],
      [0, "그럼 토요일에 봐요"],
    ],
    direct: "하늘 님, 사진 잘 받았어요. 정말 예뻐요.",
  },
  {
    words: english,
    me: "Hannah Sky",
    others: ["Ben Rivers", "Mara Hill", "Theo Brook"],
    room: "Courtyard in autumn",
    elsewhere: ["Book club", "Weekend walks"],
    lines: [
      [1, "Tea in the courtyard on Saturday at three. The persimmons are ripe."],
      [1, "Who is coming?"],
      [0, "I am! Shall I bring something to eat?"],
      [2, "Lovely. I will be there around four.", 0],
      [3, "Here is the map from last time: https://example.org/map"],
      [1, "Four is just right. I will make a fresh pot then 🍵", 3],
      [0, "See you on Saturday"],
    ],
    direct: "The photographs arrived, Hannah. They are beautiful.",
  },
];

for (const scene of scenes) {
  for (const [size, device] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const language = scene.words.locale.slice(0, 2);
      test(`${language} ${size} ${colorScheme}`, async ({ arrive, visit }) => {
        const me = await arrive("me", { name: scene.me, words: scene.words, colorScheme, ...device });
        const others: Person[] = [];
        for (const [n, name] of scene.others.entries()) others.push(await arrive(`other${n}`, { name, words: scene.words }));
        const [first, second, third] = others as [Person, Person, Person];
        for (const name of scene.elsewhere) {
          const room = await first.api.makeGroup(name, [me, second]);
          await second.api.say(room, scene.lines[1]?.[1] ?? "");
        }
        const direct = await third.api.makeDirect(me);
        await third.api.say(direct, scene.direct);
        const room = await me.api.makeGroup(scene.room, others);
        await speak(scene, [me, ...others], room);
        // Someone else is here, and is writing.
        await first.chat.open(room);
        await me.chat.open(room);
        await first.chat.composer().pressSequentially("…");
        await me.chat.typing(first.name).waitFor();
        const shot = (name: string) => ({ path: `${pictures}/${name}-${language}-${size}-${colorScheme}.png` });
        await me.page.screenshot(shot("room"));
        await me.page.goto("/");
        await me.chat.ready();
        await me.page.screenshot(shot("home"));

        const context = await visit({ words: scene.words, colorScheme, ...device });
        const stranger = await context.newPage();
        for (const [name, path] of [["welcome", "/"], ["login", "/login"], ["register", "/register"]] as const) {
          await stranger.goto(path);
          await stranger.screenshot(shot(name));
        }
      });
    }
  }
}

async function speak(scene: Scene, people: Person[], room: Room) {
  const said: string[] = [];
  for (const [who, text, answers] of scene.lines) {
    const speaker = people[who] as Person;
    const message = await speaker.api.say(room, text, answers === undefined ? undefined : said[answers]);
    said.push(message.id);
  }
  for (const who of [0, 2, 3]) await people[who]?.api.react(room, said[0] ?? "", "🍵");
  for (const who of [1, 2]) await people[who]?.api.react(room, said.at(-1) ?? "", "❤️");
}
