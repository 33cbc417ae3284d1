/** Says in one polite status region what happened; the growing text itself is never read out. */

import { foundNews, news } from "../state/news.ts";
import type { Store } from "../store.ts";

const AFTER_SEARCH_MS = 700;

/** Behind an open dialog nobody hears of it: it is said when the dialog is closed. */
function say(region: HTMLElement, words: string): void {
  const dialog = document.querySelector("dialog[open]");
  if (dialog) dialog.addEventListener("close", () => say(region, words), { once: true });
  else region.textContent = words;
}

export function announce(store: Store, region: HTMLElement): void {
  let timer: number | undefined;
  store.addEffect((state, before) => {
    const words = news(state, before);
    // A notice has a place of its own in an open dialog.
    if (state.notice !== before.notice && state.notice) region.textContent = state.notice.text;
    else if (words !== "") say(region, words);
    const { query, status, looking } = state.sessions;
    const known = before.sessions;
    if (query === known.query && status === known.status && looking === known.looking) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      const found = foundNews(store.state.sessions);
      if (found !== null) say(region, found);
    }, AFTER_SEARCH_MS);
  });
}
