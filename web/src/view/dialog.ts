/** A modal dialog: it has a title, a way out, and gives the focus back to where it was. */

import { button, type Child, h } from "./dom.ts";
import { settleFocus } from "./focus.ts";
import { icon } from "./icons.ts";

let serial = 0;

export interface Dialog {
  readonly element: HTMLDialogElement;
  readonly close: () => void;
}

export interface DialogOptions {
  /** For texts that are read side by side. */
  readonly wide?: boolean;
  /** It has nothing to do with what the page shows, and outlives it. */
  readonly lasting?: boolean;
  /** The person cannot leave it. */
  readonly firm?: boolean;
}

/** Closes the dialogs that belong to what the page showed until now. */
export function closeDialogs(): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog:not([data-lasting])"))
    dialog.close();
}

/** Opens a dialog. */
export function openDialog(
  title: string,
  body: readonly (Node | string)[],
  { wide = false, lasting = false, firm = false }: DialogOptions = {},
): Dialog {
  serial += 1;
  const id = `dialog-${serial}`;
  const element = h("dialog", { class: wide ? "dialog dialog-wide" : "dialog", "aria-labelledby": id });
  if (lasting) element.dataset.lasting = "";
  const leave = h("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("cross"));
  const close = (): void => element.close();
  leave.addEventListener("click", close);
  if (firm) element.addEventListener("cancel", (event) => event.preventDefault());
  element.append(
    h("div", { class: "dialog-head" }, h("h2", { id }, title), !firm && leave),
    h("div", { class: "dialog-body", tabindex: "-1" }, ...body),
  );
  element.addEventListener("close", () => {
    element.remove();
    // The browser gives the focus back to where it was, unless the dialog did away with that.
    settleFocus("#note", "#main h1", "#main");
  });
  document.body.append(element);
  element.showModal();
  return { element, close };
}

export interface FormDialog {
  readonly title: string;
  readonly body: readonly Child[];
  readonly action: string;
  readonly tone?: "primary" | "danger";
  /** Runs the command; true closes the dialog. */
  readonly submit: () => Promise<boolean>;
}

/** A dialog that asks for something and then does one thing. */
export function openForm({ title, body, action, tone = "primary", submit }: FormDialog): Dialog {
  const go = h("button", { type: "submit", class: `button button-${tone}` }, action);
  const form = h("form", { class: "dialog-form" }, ...body);
  const dialog = openDialog(title, [form]);
  form.querySelector<HTMLElement>("input, textarea, select")?.focus();
  form.append(h("div", { class: "dialog-actions" }, button("Cancel", "plain", dialog.close), go));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    const done = await submit();
    go.disabled = false;
    if (done) dialog.close();
  });
  return dialog;
}

/** A field with its label above. */
export function field(label: string, control: HTMLElement, hint = ""): HTMLElement {
  return h(
    "label",
    { class: "field" },
    h("span", { class: "field-label" }, label),
    control,
    hint !== "" && h("span", { class: "field-hint" }, hint),
  );
}

/** A checkbox or radio button with its label beside it. */
export function choice(control: HTMLInputElement, label: string, detail = ""): HTMLElement {
  return h(
    "label",
    { class: "choice" },
    control,
    h(
      "span",
      {},
      h("span", { class: "choice-label" }, label),
      detail !== "" && h("span", { class: "field-hint" }, detail),
    ),
  );
}
