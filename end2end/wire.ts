import type { BrowserContext, Page, WebSocketRoute } from "@playwright/test";

import type { Complaints } from "./test";

/** The server takes no frame that contains the text: it ends each connection that brings one. Counts them. */
export async function refuseAsTooLarge(context: BrowserContext, text: string): Promise<() => number> {
  let refusals = 0;
  await context.routeWebSocket(/\/stomp/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (String(frame).includes(text)) {
        refusals++;
        void socket.close({ code: 1009 });
      } else server.send(frame);
    });
  });
  return () => refusals;
}

/** The socket between a browser, or one page of it, and the server, to be cut by a test while all else goes on. */
export class Wire {
  private whole = true;
  private readonly sockets = new Set<WebSocketRoute>();

  static async of(context: BrowserContext | Page, complaints: Complaints): Promise<Wire> {
    const wire = new Wire();
    // It may be cut while a connection is only being made.
    complaints.expect(/WebSocket connection to .* failed/);
    await context.routeWebSocket(/\/stomp/, (socket) => {
      if (!wire.whole) {
        void socket.close({ code: 1001 });
        return;
      }
      wire.sockets.add(socket);
      socket.connectToServer();
    });
    return wire;
  }

  async cut() {
    this.whole = false;
    for (const socket of this.sockets) await socket.close({ code: 1001 });
    this.sockets.clear();
  }

  mend() {
    this.whole = true;
  }
}
