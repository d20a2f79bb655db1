/** An editor for a program; esbuild makes one file of it and its packages. */

import {
  defaultKeymap,
  history,
  historyKeymap,
  indentWithTab,
} from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

/** @import { Language } from "./lab.js" */

const LANGUAGES = {
  python: [python(), indentUnit.of("    ")],
  javascript: [javascript(), indentUnit.of("  ")],
};

/**
 * Put an editor into a place. Tab indents; after Escape, Tab leaves it.
 *
 * @param {HTMLElement} parent
 * @param {Language} language
 * @param {string} doc the program
 * @param {string} label for those who do not see the editor
 */
export function editor(parent, language, doc, label) {
  const state = EditorState.create({
    doc,
    extensions: [
      LANGUAGES[language],
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      // Classes, so that a style sheet decides on the colours.
      syntaxHighlighting(classHighlighter),
      keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      EditorView.contentAttributes.of({ "aria-label": label }),
    ],
  });
  const view = new EditorView({ state, parent });
  return {
    /** What the program is now. */
    get source() {
      return view.state.doc.toString();
    },
    focus: () => view.focus(),
    remove() {
      view.destroy();
      parent.remove();
    },
  };
}
