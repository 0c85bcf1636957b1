import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(process.env.MADANG ?? "../target/release/madang");
const scratch = process.env.MADANG_SCRATCH;

/** One Madang with a port and a data directory of its own, which outlive its process. */
export class Server {
  private child?: ChildProcess;
  private output = "";

  private constructor(
    readonly url: string,
    private readonly data: string,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    const data = mkdtempSync(join(scratch ?? tmpdir(), "madang-"));
    const server = new Server(`http://127.0.0.1:${await freePort()}`, data, settings);
    await server.run();
    return server;
  }

  /** Starts the process, and waits until it takes traffic. */
  async run() {
    const child = spawn(binary, ["serve"], {
      env: { ...process.env, ...this.settings, MADANG_ADDR: new URL(this.url).host, MADANG_DATA: this.data },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
    // For `x`, which stops what is left over when the tests themselves are killed.
    if (scratch && child.pid) writeFileSync(join(scratch, "servers", String(child.pid)), "");
    const ended = once(child, "exit").then(([code, signal]) => {
      throw new Error(`the server ended (${code ?? signal}) before it was ready:\n${this.output}`);
    });
    await Promise.race([this.ready(), ended]);
    ended.catch(() => {});
  }

  private async ready() {
    for (const deadline = Date.now() + 15_000; ; ) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      if (Date.now() > deadline) throw new Error(`the server is not ready after 15 s:\n${this.output}`);
      await new Promise((tick) => setTimeout(tick, 20));
    }
  }

  /** As a power cut would. */
  async kill() {
    await this.end("SIGKILL");
  }

  async remove() {
    await this.end("SIGKILL");
    rmSync(this.data, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals) {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  log() {
    return this.output;
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  await once(listener, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
