/** The focus goes on from where what held it was taken away; nothing here takes it from anywhere else. */

function isVisible(element: Element): boolean {
  return element.getClientRects().length > 0;
}

function isLost(): boolean {
  const holder = document.activeElement;
  return !holder || holder === document.body || !isVisible(holder);
}

/** A focus that is nowhere goes to the first of these that is to be seen. */
export function settleFocus(...places: readonly string[]): void {
  if (!isLost()) return;
  const found = places
    .map((place) => document.querySelector<HTMLElement>(place))
    .find((element) => element && isVisible(element));
  found?.focus();
}

/** Changes what is on the page; a focus that was inside ``element`` and went with the change is given on. */
export function changing(element: Element, change: () => void, goOn: () => void): void {
  const held = element.contains(document.activeElement);
  change();
  if (held && isLost()) goOn();
}
