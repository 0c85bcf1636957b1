import { defineConfig } from "@playwright/test";

import usual from "./playwright.config";

/** People on several nodes: `./x test cluster`, which starts what the nodes share. */
export default defineConfig({ ...usual, testMatch: "*.cluster.ts", workers: 1, timeout: 120_000 });
