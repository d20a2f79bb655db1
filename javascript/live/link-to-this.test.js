import assert from "node:assert/strict";
import { test } from "node:test";

import { formats } from "./link-to-this.js";

const url = "https://there.example/a.html#b";

test("each format is a link to the address", () => {
  assert.deepEqual(formats({ title: "Settle all", url }), {
    Markdown: `[Settle all](${url})`,
    reStructuredText: `\`Settle all <${url}>\`__`,
    HTML: `<a href="${url}">Settle all</a>`,
  });
});

test("what a title holds is no markup", () => {
  const title = "`a` [b] <c> & __d__";
  assert.deepEqual(formats({ title, url }), {
    Markdown: `[\\\`a\\\` \\[b\\] \\<c> \\& \\_\\_d\\_\\_](${url})`,
    reStructuredText: `\`\\\`a\\\` [b] \\<c> & __d__ <${url}>\`__`,
    HTML: `<a href="${url}">\`a\` [b] &#60;c&#62; &#38; __d__</a>`,
  });
});

test("a page with a pair offers a frame, too", () => {
  const embed = "https://there.example/embed/a.html";
  const { iframe } = formats({ title: '"a"', url, embed });
  assert.equal(
    iframe,
    `<iframe src="${embed}" title="&#34;a&#34;" ` +
      'width="100%" height="900"></iframe>',
  );
});
