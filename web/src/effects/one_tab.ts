/** One tab does for all tabs of a browser what needs a connection: a browser opens only six to one server. */

/** What a tab that comes later asks for. */
const HELLO = "hello";

type Told<Message> = typeof HELLO | { readonly message: Message };

/**
 * Runs ``open`` in one of the tabs; what it tells is heard in all of them. When that tab goes, another takes over.
 * A tab that comes later hears the last message that ``lasts``, as one about the connection does.
 * Where the browser has no locks (no secure context), every tab does it for itself.
 */
export function inOneTab<Message>(
  name: string,
  open: (tell: (message: Message) => void) => void,
  heard: (message: Message) => void,
  lasts: (message: Message) => boolean,
): void {
  if (!("locks" in navigator) || typeof BroadcastChannel === "undefined") {
    open(heard);
    return;
  }
  const channel = new BroadcastChannel(name);
  let last: Message | null = null;
  let leads = false;
  channel.addEventListener("message", ({ data }: MessageEvent<Told<Message>>) => {
    if (data !== HELLO) heard(data.message);
    else if (leads && last !== null) channel.postMessage({ message: last } satisfies Told<Message>);
  });
  channel.postMessage(HELLO satisfies Told<Message>);
  void navigator.locks.request(name, () => {
    leads = true;
    open((message) => {
      if (lasts(message)) last = message;
      channel.postMessage({ message } satisfies Told<Message>);
      heard(message);
    });
    // The lock is held for as long as the tab lives.
    return new Promise<never>(() => {});
  });
}
