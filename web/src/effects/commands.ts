/** What a person can ask for in an open session. */

import type { GenerationRequest } from "../api/client.ts";
import * as api from "../api/client.ts";
import { hasUnsaved, type NoteState } from "../state/note.ts";
import { whyNotToSign } from "../state/signing.ts";
import type { Store } from "../store.ts";
import { warning } from "../text/origin.ts";
import type { Autosave } from "./save.ts";

export interface Following {
  readonly watch: () => void;
  readonly reload: () => Promise<void>;
}

const SAID_AFTER_MS = 2000;

/** All that the model may write, as it is set up. */
const ALL: Omit<GenerationRequest, "regenerate"> = {
  sections: null,
  format: null,
  force: false,
  options: {},
};

interface Addendum {
  readonly id: number;
  readonly text: string;
  /** How many the note had before. */
  readonly known: number;
}

async function isAdded({ id, text, known }: Addendum): Promise<boolean> {
  const { addenda } = await api.fetchNote(id);
  return addenda.slice(known).some((one) => one.text === text);
}

export class Commands {
  readonly #store: Store;
  readonly #following: Following;
  readonly #autosave: Autosave;
  /** What was asked of the model last, and for which session. */
  #asked: { readonly id: number; readonly request: GenerationRequest } | null = null;

  /** An addendum that was sent and may be in the note although no answer came. */
  #unanswered: Addendum | null = null;

  constructor(store: Store, following: Following, autosave: Autosave) {
    this.#store = store;
    this.#following = following;
    this.#autosave = autosave;
  }

  get #id(): number | null {
    return this.#store.state.open?.id ?? null;
  }

  /** Whether it is still this session that the page shows: a dialog of another one has no place over it. */
  readonly isOpen = (id: number): boolean => this.#id === id;

  /** Runs a call about that session and says what went wrong; answers whether it worked. */
  async #attempt(id: number, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      this.#store.notice(error.message, "problem");
      if (error.problem.status === 412 || error.problem.status === 409) await this.#reload(id);
      return false;
    }
  }

  async #reload(id: number): Promise<void> {
    if (this.isOpen(id)) await this.#following.reload();
  }

  readonly generate = async (id: number, request: GenerationRequest): Promise<boolean> => {
    this.#asked = { id, request };
    await this.#autosave.now(id);
    const { sections, format, force } = request;
    this.#store.inSession(id, { type: "generationRequested", sections, format, force });
    await this.#autosave.now(id);
    try {
      await api.requestNote(id, request);
      if (this.isOpen(id)) this.#following.watch();
      return true;
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      this.#store.inSession(id, { type: "generationRefused", problem: error.problem });
      return false;
    }
  };

  /** Asks again for what was asked for here before: the same sections, in the same format; else for all. */
  readonly retry = (): void => {
    const { open } = this.#store.state;
    if (!open) return;
    const known = this.#asked?.id === open.id ? this.#asked.request : null;
    void this.generate(open.id, { ...(known ?? ALL), regenerate: open.note.stored !== null });
  };

  /**
   * Has the note written as it is wished; what a person wrote already stays. A session that goes on is closed, after
   * the note was asked for: closing it asks for one as the site is set up, unless one is on its way.
   */
  readonly writeAs = async (
    id: number,
    format: string | null,
    options: GenerationRequest["options"],
  ): Promise<void> => {
    const { open, sessions } = this.#store.state;
    if (open?.id !== id) return;
    const live = sessions.items.get(id)?.status === "live";
    const regenerate = open.note.stored !== null;
    const asked = await this.generate(id, { ...ALL, format, options, regenerate });
    if (asked && live) await this.#attempt(id, () => api.closeSession(id));
  };

  /** What the note was last written with; nothing where that cannot be had. */
  readonly optionsOf = async (id: number): Promise<GenerationRequest["options"]> => {
    try {
      return await api.fetchNoteOptions(id);
    } catch (error) {
      if (!(error instanceof api.CallFailed)) throw error;
      return {};
    }
  };

  readonly cancel = (): void => {
    const id = this.#id;
    if (id !== null) void this.#attempt(id, () => api.cancelGeneration(id));
  };

  /** Closes the session. Where a person wrote into the note already, the model is asked for the rest of it. */
  readonly close = async (): Promise<boolean> => {
    const { open } = this.#store.state;
    if (!open) return false;
    const { id } = open;
    if (!(await this.#attempt(id, () => api.closeSession(id)))) return false;
    // By now another session may be open.
    const { open: now, parked } = this.#store.state;
    const { note } = now?.id === id ? now : (parked.get(id) ?? open);
    if (note.stored) void this.generate(id, { ...ALL, regenerate: true });
    else if (this.isOpen(id)) this.#following.watch();
    return true;
  };

  /** The open note with all that was typed stored, for somebody who is about to sign it; null where it cannot be. */
  readonly readyToSign = async (): Promise<NoteState | null> => {
    const id = this.#id;
    const patience = window.setTimeout(
      () => this.#store.notice("Your last words are being stored before you sign."),
      SAID_AFTER_MS,
    );
    await this.#autosave.now();
    window.clearTimeout(patience);
    const { open } = this.#store.state;
    if (!open || open.id !== id) return null;
    return this.#maySign(open.note, open.note) ? open.note : null;
  };

  #maySign(now: NoteState, read: NoteState): boolean {
    const reason = whyNotToSign(now, read);
    if (reason !== null) this.#store.notice(reason, "problem");
    return reason === null;
  }

  /** ``read`` is the note that the person had before them. */
  readonly sign = async (signedBy: string, read: NoteState): Promise<boolean> => {
    await this.#autosave.now();
    const { open } = this.#store.state;
    if (open?.id !== read.sessionId || !this.#maySign(open.note, read)) return false;
    const { id } = open;
    const version = open.note.stored?.version ?? 0;
    return this.#attempt(id, async () => {
      await api.signNote(id, version, signedBy);
      await this.#reload(id);
    });
  };

  readonly unlock = async (id: number, reason: string): Promise<boolean> =>
    this.#attempt(id, async () => {
      await api.unlockNote(id, reason);
      await this.#reload(id);
    });

  /** An addendum cannot be taken back: where no answer came, the note is asked whether it holds it already. */
  readonly addAddendum = async (id: number, text: string): Promise<boolean> =>
    this.#attempt(id, async () => {
      const { open } = this.#store.state;
      const sent = this.#unanswered?.id === id && this.#unanswered.text === text ? this.#unanswered : null;
      const known = open?.id === id ? (open.note.stored?.addenda.length ?? 0) : 0;
      const addendum = sent ?? { id, text, known };
      if (!sent || !(await isAdded(addendum))) await this.#sendAddendum(addendum);
      this.#unanswered = null;
      await this.#reload(id);
    });

  async #sendAddendum(addendum: Addendum): Promise<void> {
    try {
      await api.addAddendum(addendum.id, addendum.text);
    } catch (error) {
      if (!(error instanceof api.CallFailed) || !error.unreachable) throw error;
      this.#unanswered = addendum;
      if (!(await isAdded(addendum))) throw error;
    }
  }

  readonly failed = (words: string): void => this.#store.notice(words, "problem");

  readonly allowTraining = async (id: number, consent: boolean): Promise<boolean> => {
    const done = await this.#attempt(id, () => api.saveTrainingConsent(id, consent));
    if (done) this.#store.notice(consent ? "Training is allowed." : "Training is not allowed.");
    return done;
  };

  /** Who asks for it is told; of what saves itself only a failure is. */
  readonly saveNow = async (): Promise<void> => {
    await this.#autosave.now();
    const { open } = this.#store.state;
    if (open && !hasUnsaved(open.note)) this.#store.notice("Saved.");
  };

  readonly signInAgain = (): void => {
    window.dispatchEvent(new Event(api.SIGNED_OUT));
  };

  readonly hideEvidence = (): void => {
    const id = this.#id;
    if (id !== null) this.#store.inSession(id, { type: "evidenceHidden" });
  };

  readonly copySection = (sectionId: string): void => {
    const note = this.#store.state.open?.note;
    const section = note?.sections.find((candidate) => candidate.id === sectionId);
    if (!note || !section) return;
    const mark = note.stored ? warning(note.stored) : "";
    void this.copy(section.text, section.heading, mark);
  };

  /** Copies plain text; ``what`` names it in the message, which tells ``mark`` where the text itself does not. */
  readonly copy = async (text: string, what: string, mark = ""): Promise<boolean> => {
    try {
      await navigator.clipboard.writeText(text);
      this.#store.notice(mark === "" ? `${what} copied.` : `${what} copied. ${mark}.`);
      return true;
    } catch {
      this.#store.notice("The browser did not allow copying.", "problem");
      return false;
    }
  };
}
