/** What was agreed with this patient last time, at hand while this session is held and written up. */

import type { LastTime } from "../state/state.ts";
import { day } from "../text/words.ts";
import { h, show } from "./dom.ts";
import { summaryText } from "./summary_text.ts";

const NO_LINKS = (): undefined => undefined;

export class LastTimeView {
  readonly element = h("details", { class: "last-time", hidden: true });
  #shown: LastTime | null = null;
  /** It was not told yet whether it opens. */
  #undecided = false;

  /** ``open``: the note is still to be written, which is when it is looked for; null while that is not known. */
  update(lastTime: LastTime | null, open: boolean | null): void {
    if (lastTime !== this.#shown) this.#show(lastTime);
    if (!this.#undecided || open === null) return;
    this.#undecided = false;
    this.element.open = open;
  }

  #show(lastTime: LastTime | null): void {
    this.#shown = lastTime;
    this.#undecided = true;
    this.element.open = false;
    show(this.element, lastTime !== null);
    if (!lastTime) return;
    const { sessionId, number, date, sections } = lastTime;
    this.element.replaceChildren(
      h("summary", {}, `Last time: session ${number}, ${day(date)}`),
      ...sections.map(({ heading, text }) =>
        h("div", {}, h("h4", { class: "field-label" }, heading), h("p", {}, ...summaryText(text, NO_LINKS))),
      ),
      h("p", {}, h("a", { href: `#/sessions/${sessionId}` }, `Open session ${number}`)),
    );
  }
}
