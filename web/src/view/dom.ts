/** Making elements. Text becomes text nodes, never markup: nothing here or elsewhere parses HTML. */

export type Child = Node | string | null | false;

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An element; ``class``, ``id``, ``aria-*`` and the rest are attributes, false and null leave one out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== false) element.append(child);
  return element;
}

export function button(
  label: string,
  kind: "primary" | "quiet" | "plain" | "danger",
  onPress: () => void,
  ...icon: readonly Node[]
): HTMLButtonElement {
  const element = h(
    "button",
    { type: "button", class: `button button-${kind}` },
    ...icon,
    h("span", {}, label),
  );
  element.addEventListener("click", onPress);
  return element;
}

/** Sets text only where it changed, so that a reader's selection and place stay. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes ``parent`` hold exactly ``wanted`` in order; nodes that stay are not touched, so focus stays too. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const element of wanted) {
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}
