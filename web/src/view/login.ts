/** Signing in where the service asks for a token: it goes into a cookie that no script can read. */

import * as api from "../api/client.ts";
import { closeDialogs, type Dialog, field, openDialog } from "./dialog.ts";
import { h, show } from "./dom.ts";

function loginForm(title: string, done: () => void): HTMLElement {
  const token = h("input", { type: "password", required: true, autocomplete: "off", maxlength: 8192 });
  const problem = h("p", { class: "banner banner-problem", role: "alert", hidden: true });
  const form = h(
    "form",
    { class: "login" },
    title !== "" && h("h1", {}, title),
    field(
      "Access token",
      token,
      "Your clinic's login gives it to you. It is kept in a cookie that no script can read.",
    ),
    problem,
    h("button", { type: "submit", class: "button button-primary" }, "Sign in"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await api.login(token.value.trim());
      done();
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      problem.textContent = error.message;
      show(problem, true);
    }
  });
  return form;
}

export function loginPage(): HTMLElement {
  return h(
    "div",
    { class: "welcome" },
    loginForm("Sign in", () => window.location.reload()),
  );
}

interface Asking {
  readonly dialog: Dialog;
  readonly firm: boolean;
}

let asking: Asking | null = null;

const EXPIRED = {
  title: "Your sign-in has expired",
  words: "Nothing is lost: what you typed is sent as soon as you are signed in.",
};
const LEFT = {
  title: "You signed out in another tab",
  words: "Words of yours here are not saved yet. They are sent as soon as you are signed in again.",
};

/** Asks for a new token over the open page, whose unsaved words wait. ``firm``: there is no other way on. */
export function askToSignInAgain(done: () => void, firm: boolean): void {
  if (asking && (asking.firm || !firm)) return;
  const before = asking?.dialog;
  let signedIn = false;
  const form = loginForm("", () => {
    signedIn = true;
    dialog.close();
    done();
  });
  const { title, words } = firm ? LEFT : EXPIRED;
  const dialog = openDialog(title, [h("p", { class: "quiet-text" }, words), form], { lasting: true, firm });
  const mine = { dialog, firm };
  asking = mine;
  before?.close();
  if (firm) closeDialogs();
  dialog.element.addEventListener("close", () => {
    if (asking === mine) asking = null;
    // Browsers close a dialog that is cancelled twice, whatever the page says to it.
    if (firm && !signedIn) askToSignInAgain(done, firm);
  });
}
