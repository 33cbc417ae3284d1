/** Signing in where the service asks for a token: it goes into a cookie that no script can read. */

import * as api from "../api/client.ts";
import { field, openDialog } from "./dialog.ts";
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

let asking = false;

/** Asks for a new token over the open page, whose unsaved words wait. */
export function askToSignInAgain(done: () => void): void {
  if (asking) return;
  asking = true;
  const form = loginForm("", () => {
    dialog.close();
    done();
  });
  const dialog = openDialog("Your sign-in has expired", [
    h("p", { class: "quiet-text" }, "Nothing is lost: what you typed is sent as soon as you are signed in."),
    form,
  ]);
  dialog.element.addEventListener("close", () => {
    asking = false;
  });
}
