/** Holds the state: one ``dispatch`` changes it, views hear of it once a frame, effects at once. */

import { reduce } from "./state/reduce.ts";
import { type Action, type AppState, INITIAL, type SessionAction } from "./state/state.ts";

export type Effect = (state: AppState, before: AppState) => void;
export type View = (state: AppState, before: AppState) => void;

const HIDDEN_FRAME_MS = 200;

export class Store {
  #state: AppState = INITIAL;
  #shown: AppState = INITIAL;
  #scheduled = false;
  readonly #effects: Effect[] = [];
  readonly #views: View[] = [];

  get state(): AppState {
    return this.#state;
  }

  readonly dispatch = (action: Action): void => {
    const before = this.#state;
    this.#state = reduce(before, action);
    if (this.#state === before) return;
    for (const effect of this.#effects) effect(this.#state, before);
    this.#schedule();
  };

  /** An action about one session; it changes nothing when another one is open by now. */
  readonly inSession = (sessionId: number, action: SessionAction): void => {
    this.dispatch({ type: "inSession", sessionId, action });
  };

  notice(text: string, tone: "info" | "problem" = "info"): void {
    this.dispatch({ type: "noticed", text, tone });
  }

  addEffect(effect: Effect): void {
    this.#effects.push(effect);
  }

  addView(view: View): void {
    this.#views.push(view);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A hidden page gets no animation frames, but its title and its tabs must still follow.
    if (document.hidden) window.setTimeout(this.#show, HIDDEN_FRAME_MS);
    else window.requestAnimationFrame(this.#show);
  }

  readonly #show = (): void => {
    if (!this.#scheduled) return;
    this.#scheduled = false;
    const before = this.#shown;
    this.#shown = this.#state;
    for (const view of this.#views) view(this.#state, before);
  };
}
