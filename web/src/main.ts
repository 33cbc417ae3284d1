/** The one place that wires the page: state, effects and views. */

import * as api from "./api/client.ts";
import { announce } from "./effects/announce.ts";
import { Commands } from "./effects/commands.ts";
import { followOpenSession, followSessions } from "./effects/follow.ts";
import { Autosave, warnBeforeLeaving } from "./effects/save.ts";
import { readRoute } from "./router.ts";
import { hasUnsaved } from "./state/note.ts";
import type { AppState, Route } from "./state/state.ts";
import { Store } from "./store.ts";
import { AppView, type Page } from "./view/app.ts";

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

async function openPage(route: Route, store: Store, commands: Commands): Promise<Page | null> {
  switch (route.view) {
    case "home":
    case "patient":
      return null;
    case "session": {
      const { SessionPage } = await import("./view/session_page.ts");
      return new SessionPage(store, commands, nonce());
    }
  }
}

async function start(root: HTMLElement): Promise<void> {
  const store = new Store();
  const following = followOpenSession(store);
  const autosave = new Autosave(store, following.reload);
  const commands = new Commands(store, following, autosave);
  const app = new AppView(root, store, () => {});
  announce(store, app.status);

  let shown: Route["view"] | null = null;
  const showPage = async (state: AppState): Promise<void> => {
    if (state.route.view === shown) return;
    shown = state.route.view;
    const page = await openPage(state.route, store, commands);
    if (store.state.route.view !== state.route.view) return;
    app.setPage(page);
    page?.update(store.state, { ...store.state, open: null });
  };
  store.addEffect((state, before) => {
    if (state.route !== before.route) void showPage(state);
  });
  store.addView((state, before) => app.update(state, before));

  window.addEventListener("hashchange", () =>
    store.dispatch({ type: "routed", route: readRoute(location.hash) }),
  );
  window.addEventListener("online", () => store.dispatch({ type: "wentOnline" }));
  window.addEventListener("offline", () => store.dispatch({ type: "wentOffline" }));
  warnBeforeLeaving(() => {
    const { open, parked } = store.state;
    return parked.size > 0 || (open !== null && hasUnsaved(open.note));
  });

  followSessions(store);
  store.dispatch({ type: "routed", route: readRoute(location.hash) });
  try {
    store.dispatch({ type: "formatsArrived", ...(await api.fetchFormats()) });
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
  }
}

const root = document.getElementById("app");
if (root) void start(root);
