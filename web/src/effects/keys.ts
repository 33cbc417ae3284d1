/** Keys of the whole page. Single keys can be switched off, and never act while somebody types. */

export interface KeyCommands {
  readonly help: () => void;
  readonly search: () => void;
  readonly section: (index: number) => void;
  readonly transcript: () => void;
  readonly unsupported: () => void;
  readonly suggestion: () => void;
  /** The next turn that left no trace in the note. */
  readonly gap: () => void;
  readonly save: () => void;
  readonly escape: () => void;
}

const KEY = "casenote.single-keys";

export function singleKeysOn(): boolean {
  return window.localStorage.getItem(KEY) !== "off";
}

export function setSingleKeys(on: boolean): void {
  window.localStorage.setItem(KEY, on ? "on" : "off");
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input, select, textarea");
}

function digit(event: KeyboardEvent): number | null {
  const match = /^Digit(\d)$/.exec(event.code);
  return match && event.altKey && !event.ctrlKey && !event.metaKey ? Number(match[1]) : null;
}

export function listenToKeys(commands: KeyCommands): void {
  window.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (actOn(event, commands)) event.preventDefault();
  });
}

/** What goes from one thing to be looked at to the next, by the place of its key. */
const STEPS: Readonly<Record<string, "unsupported" | "suggestion" | "gap">> = {
  Period: "unsupported",
  Comma: "suggestion",
  KeyG: "gap",
};

/** Whether the key was one of ours. */
function actOn(event: KeyboardEvent, commands: KeyCommands): boolean {
  const number = digit(event);
  const step = event.altKey && !event.ctrlKey && !event.metaKey ? STEPS[event.code] : undefined;
  if (number === 0) commands.transcript();
  else if (number !== null) commands.section(number - 1);
  else if (step) commands[step]();
  else if ((event.ctrlKey || event.metaKey) && event.key === "s") commands.save();
  else if (event.key === "Escape") commands.escape();
  else if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !singleKeysOn())
    return false;
  else if (event.key === "?") commands.help();
  else if (event.key === "/") commands.search();
  else return false;
  return event.key !== "Escape";
}
