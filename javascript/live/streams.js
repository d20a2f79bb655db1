/** Chromium lacks `ReadableStream.from`, which Node and Firefox have. */
export function installStreams() {
  // @ts-expect-error: the types do not know that some lack it
  ReadableStream.from ??= from;
}

/** @param {any} source something to iterate over */
function from(source) {
  const each =
    source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await each.next();
        if (done) controller.close();
        else controller.enqueue(await value);
      },
      async cancel(reason) {
        await each.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
