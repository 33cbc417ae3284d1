/** One tab does for all tabs of a browser what needs a connection: a browser opens only six to one server. */

/**
 * Runs ``open`` in one of the tabs; what it tells is heard in all of them. When that tab goes, another takes over.
 * Where the browser has no locks (no secure context), every tab does it for itself.
 */
export function inOneTab<Message>(
  name: string,
  open: (tell: (message: Message) => void) => void,
  heard: (message: Message) => void,
): void {
  if (!("locks" in navigator) || typeof BroadcastChannel === "undefined") {
    open(heard);
    return;
  }
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", (event: MessageEvent<Message>) => heard(event.data));
  void navigator.locks.request(name, () => {
    open((message) => {
      channel.postMessage(message);
      heard(message);
    });
    // The lock is held for as long as the tab lives.
    return new Promise<never>(() => {});
  });
}
