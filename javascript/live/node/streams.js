// What Node's web streams have and some browsers lack.

/**
 * A stream of what an iterable gives, which is asked only for what is
 * taken.
 *
 * @param {AsyncIterable<unknown> | Iterable<unknown>} iterable
 */
function from(iterable) {
  const items = iterable[Symbol.asyncIterator]
    ? iterable[Symbol.asyncIterator]()
    : iterable[Symbol.iterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await items.next();
        if (done) controller.close();
        else controller.enqueue(await value);
      },
      async cancel(reason) {
        await items.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

// @ts-expect-error: the types say that every browser has it
ReadableStream.from ??= from;
