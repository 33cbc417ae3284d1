/**
 * Chromium lets a selection collapse whose nodes move as marks are drawn over them. The editor writes it anew when the
 * node of its head moved, but not when only that of its anchor did; with the next key it would take the collapsed one
 * for the person's, and what they had selected to type over would stay.
 */

import type { EditorView } from "@codemirror/view";

export function keepSelection(view: EditorView): void {
  const { anchor, head, empty } = view.state.selection.main;
  if (empty || !view.hasFocus || view.composing) return;
  const shown = document.getSelection();
  const { anchorNode, anchorOffset = 0, focusNode, focusOffset = 0 } = shown ?? {};
  const inside = (node: Node | null | undefined): node is Node => !!node && view.contentDOM.contains(node);
  const same =
    inside(anchorNode) &&
    inside(focusNode) &&
    view.posAtDOM(anchorNode, anchorOffset) === anchor &&
    view.posAtDOM(focusNode, focusOffset) === head;
  if (same) return;
  const from = view.domAtPos(anchor);
  const to = view.domAtPos(head);
  shown?.setBaseAndExtent(from.node, from.offset, to.node, to.offset);
}
