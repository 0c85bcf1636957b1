import { defineConfig } from "@playwright/test";

import { browser } from "./browser";

/** The pictures of the README, and of what is seldom seen: `./x screenshots`. */
export default defineConfig({
  testDir: ".",
  testMatch: ["screenshots.ts", "states.ts"],
  outputDir: "test-results",
  workers: 1,
  timeout: 120_000,
  reporter: "list",
  use: browser,
});
