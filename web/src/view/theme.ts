/** Light, dark, or as the system says; kept in this browser. */

import { h, setText } from "./dom.ts";
import { icon } from "./icons.ts";

const KEY = "casenote.theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

function stored(): Theme {
  const value = window.localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === value) ?? "system";
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function themeButton(): HTMLButtonElement {
  const words = h("span", { class: "button-label" });
  const element = h("button", { type: "button", class: "button button-quiet" }, icon("sun"), words);
  const showTheme = (theme: Theme): void => {
    apply(theme);
    setText(words, theme.charAt(0).toUpperCase() + theme.slice(1));
    element.setAttribute("aria-label", `Colours: ${theme}. Change`);
  };
  element.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(stored()) + 1) % THEMES.length] ?? "system";
    window.localStorage.setItem(KEY, next);
    showTheme(next);
  });
  showTheme(stored());
  return element;
}
