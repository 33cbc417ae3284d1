/** Signing in where the service asks for a token: it goes into a cookie that no script can read. */

import * as api from "../api/client.ts";
import { field } from "./dialog.ts";
import { h, show } from "./dom.ts";

export function loginPage(): HTMLElement {
  const token = h("input", { type: "password", required: true, autocomplete: "off", maxlength: 8192 });
  const problem = h("p", { class: "banner banner-problem", role: "alert", hidden: true });
  const form = h(
    "form",
    { class: "login" },
    h("h1", {}, "Sign in"),
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
      window.location.reload();
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      problem.textContent = error.message;
      show(problem, true);
    }
  });
  return h("div", { class: "welcome" }, form);
}
