/** The same person's other tabs: before a sign-out they save what they can, and after it none of them shows a note. */

import { anyUnsaved } from "../state/state.ts";
import type { Store } from "../store.ts";
import type { Autosave } from "./save.ts";

const CHANNEL = "casenote.tabs";
/** By then a tab that lives has said whether it has words to save. */
const HEARD_WITHIN_MS = 300;
const SAVED_WITHIN_MS = 5000;

type News =
  | { readonly kind: "leaving" }
  /** The answer to it, and another one after what could be saved was. */
  | { readonly kind: "words"; readonly tab: string; readonly unsaved: boolean }
  | { readonly kind: "left"; readonly drop: boolean };

interface Post {
  /** Whose tab it is: what another person does elsewhere is nothing to this one. */
  readonly subject: string | null;
  readonly news: News;
}

interface Handlers {
  /** What is saved by now is off this machine. */
  readonly settled: () => Promise<unknown>;
  /** The person signed out in another tab; ``drop``: and let go what could not be saved. */
  readonly left: (drop: boolean) => void;
}

export class OtherTabs {
  readonly #store: Store;
  readonly #autosave: Autosave;
  readonly #handlers: Handlers;
  readonly #tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
  readonly #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);
  #answered: (tab: string, unsaved: boolean) => void = () => {};

  constructor(store: Store, autosave: Autosave, handlers: Handlers) {
    this.#store = store;
    this.#autosave = autosave;
    this.#handlers = handlers;
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<Post>) => {
      if (data.subject === this.#subject) void this.#heard(data.news);
    });
  }

  get #subject(): string | null {
    return this.#store.state.me?.subject ?? null;
  }

  #post(news: News): void {
    this.#channel?.postMessage({ subject: this.#subject, news } satisfies Post);
  }

  async #heard(news: News): Promise<void> {
    if (news.kind === "left") this.#handlers.left(news.drop);
    else if (news.kind === "words") this.#answered(news.tab, news.unsaved);
    else await this.#answer();
  }

  async #answer(): Promise<void> {
    const tell = async (): Promise<void> => {
      const unsaved = anyUnsaved(this.#store.state);
      if (!unsaved) await this.#handlers.settled();
      this.#post({ kind: "words", tab: this.#tab, unsaved });
    };
    await tell();
    if (!anyUnsaved(this.#store.state)) return;
    await this.#autosave.all();
    await tell();
  }

  /** Has them save; answers whether one of them says that it has words that are not saved. */
  save(): Promise<boolean> {
    if (!this.#channel) return Promise.resolve(false);
    const answers = new Map<string, boolean>();
    const unsaved = (): boolean => [...answers.values()].includes(true);
    return new Promise((resolve) => {
      let heard = false;
      const settle = (): void => {
        if (heard && !unsaved()) resolve(false);
      };
      this.#answered = (tab, words) => {
        answers.set(tab, words);
        settle();
      };
      window.setTimeout(() => {
        heard = true;
        settle();
      }, HEARD_WITHIN_MS);
      window.setTimeout(() => resolve(unsaved()), SAVED_WITHIN_MS);
      this.#post({ kind: "leaving" });
    });
  }

  /** Nobody is signed in any more. */
  left(drop: boolean): void {
    this.#post({ kind: "left", drop });
  }
}
