/**
 * What the browser would do to the text by itself, done without it. Typing over styled words makes it carry their
 * looks over with inline styles, and its formatting keys add markup: the page's policy forbids both, rightly.
 */

import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

function typedOver(event: InputEvent, view: EditorView): boolean {
  const typed = event.inputType === "insertText" && event.data !== null && !event.isComposing;
  return typed && !view.composing && view.state.selection.ranges.some((range) => !range.empty);
}

export const nativeInput: Extension = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType.startsWith("format")) {
      event.preventDefault();
      return true;
    }
    if (!typedOver(event, view) || view.state.readOnly) return false;
    event.preventDefault();
    view.dispatch({
      ...view.state.replaceSelection(event.data ?? ""),
      userEvent: "input.type",
      scrollIntoView: true,
    });
    return true;
  },
});
