/** The one place that wires the page: state, effects and views. */

import * as api from "./api/client.ts";
import { announce } from "./effects/announce.ts";
import { Commands } from "./effects/commands.ts";
import { followOpenSession, followSessions, loadSessionsOf } from "./effects/follow.ts";
import { listenToKeys } from "./effects/keys.ts";
import { OtherTabs } from "./effects/other_tabs.ts";
import { Autosave, leavingWith } from "./effects/save.ts";
import { searchFurther } from "./effects/search.ts";
import { askAgainWhenSignedOut } from "./effects/sign_in.ts";
import { signOut } from "./effects/sign_out.ts";
import { keepUnsaved, type Unsaved } from "./keep/index.ts";
import { readRoute } from "./router.ts";
import { type AppState, anyUnsaved, type Route } from "./state/state.ts";
import { Store } from "./store.ts";
import { AppView, type Page } from "./view/app.ts";
import { closeDialogs } from "./view/dialog.ts";
import { openHelpDialog } from "./view/help_dialog.ts";
import { mayDropWords } from "./view/sign_out.ts";

const HEALTH_EVERY_MS = 60_000;

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}

async function openPage(route: Route, store: Store, commands: Commands): Promise<Page | null> {
  switch (route.view) {
    case "home":
      return null;
    case "patient": {
      const { PatientPage } = await import("./view/patient_page.ts");
      return new PatientPage((patientId) => void loadSessionsOf(store, patientId));
    }
    case "session": {
      const { SessionPage } = await import("./view/session_page.ts");
      return new SessionPage(store, commands, nonce());
    }
  }
}

/** Runs a call whose failure leaves the page usable; a call that is refused says why. */
async function attempt(store: Store, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    if (!error.unreachable && error.problem.status < 500) store.notice(error.message, "problem");
  }
}

/** What the page needs to know once: the formats, and which model writes here. */
function learn(store: Store): void {
  const health = async (): Promise<void> => {
    try {
      store.dispatch({ type: "healthKnown", health: await api.fetchHealth() });
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
    }
  };
  void attempt(store, async () => store.dispatch({ type: "formatsArrived", ...(await api.fetchFormats()) }));
  void health();
  window.setInterval(() => void health(), HEALTH_EVERY_MS);
}

/** Its address would be taken for a route, so the link moves the focus itself. */
function listenToSkipLink(): void {
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    (document.getElementById("note") ?? document.getElementById("main"))?.focus();
  });
}

function listenToWindow(store: Store): void {
  window.addEventListener("hashchange", () =>
    store.dispatch({ type: "routed", route: readRoute(location.hash) }),
  );
  window.addEventListener("online", () => store.dispatch({ type: "wentOnline" }));
  window.addEventListener("offline", () => store.dispatch({ type: "wentOffline" }));
}

/** Shows the page of the route; pages are loaded when they are first needed. */
function showPages(store: Store, app: AppView, commands: Commands): () => Page | null {
  let shown: Route["view"] | null = null;
  let current: Page | null = null;
  const show = async (state: AppState): Promise<void> => {
    const first = shown === null;
    if (state.route.view !== shown) {
      shown = state.route.view;
      const page = await openPage(state.route, store, commands);
      if (store.state.route.view !== state.route.view) return;
      current = page;
      app.setPage(page);
      page?.update(store.state, { ...store.state, open: null });
    }
    // After the frame that shows it. A page that is loaded begins where the browser begins.
    if (!first) window.requestAnimationFrame(() => window.requestAnimationFrame(() => app.opened()));
  };
  store.addEffect((state, before) => {
    if (state.route === before.route) return;
    closeDialogs();
    void show(state);
  });
  return () => current;
}

/** Whether somebody must sign in first. */
async function signedOut(store: Store): Promise<boolean> {
  try {
    store.dispatch({ type: "meKnown", me: await api.fetchMe() });
    return false;
  } catch (error) {
    if (!(error instanceof api.CallFailed)) throw error;
    return error.problem.status === 401;
  }
}

/** The person signed out in another tab. Words that nobody agreed to drop stay, and are not shown. */
async function leftElsewhere(
  store: Store,
  drop: boolean,
  kept: Unsaved | null,
  reload: () => void,
): Promise<void> {
  if (!drop && anyUnsaved(store.state)) {
    store.dispatch({ type: "signedOut", away: true });
    return;
  }
  try {
    await kept?.clear(drop);
  } finally {
    reload();
  }
}

async function start(root: HTMLElement): Promise<void> {
  const store = new Store();
  const following = followOpenSession(store);
  const autosave = new Autosave(store, following.reload);
  const commands = new Commands(store, following, autosave);
  const { reload } = leavingWith(() => anyUnsaved(store.state));
  let kept: Unsaved | null = null;
  const others = new OtherTabs(store, autosave, {
    settled: async () => kept?.settle(),
    left: (drop) => void leftElsewhere(store, drop, kept, reload),
  });
  const leave = (): Promise<void> =>
    signOut({ store, autosave, others, kept, mayDrop: mayDropWords, reload });
  const app = new AppView(root, store, { help: openHelpDialog, signOut: () => void leave() });
  announce(store, app.status);
  store.addView((state, before) => app.update(state, before));
  if (await signedOut(store)) {
    const { loginPage } = await import("./view/login.ts");
    app.setPage({ element: loginPage(), update: () => {} });
    return;
  }
  const page = showPages(store, app, commands);
  listenToKeys({
    help: openHelpDialog,
    search: () => app.focusSearch(),
    section: (index) => page()?.focusSection?.(index),
    transcript: () => page()?.focusTranscript?.(),
    unsupported: () => page()?.nextUnsupported?.(),
    suggestion: () => page()?.nextSuggestion?.(),
    gap: () => page()?.nextGap?.(),
    save: () => void commands.saveNow(),
    escape: () => commands.hideEvidence(),
  });
  askAgainWhenSignedOut(store, async () => {
    // Where the words are not sealed the browser asks whether they may go.
    if (await kept?.settle()) reload();
    else window.location.reload();
  });
  listenToSkipLink();
  followSessions(store);
  searchFurther(store);
  learn(store);
  // Words of an earlier page wait with their sessions before any of these is opened.
  kept = await keepUnsaved(store);
  listenToWindow(store);
  store.dispatch({ type: "routed", route: readRoute(location.hash) });
}

const root = document.getElementById("app");
if (root) void start(root);
