// What Node says when something is aborted; each browser words it
// differently.

const aborted = () =>
  new DOMException("This operation was aborted", "AbortError");
const late = () =>
  new DOMException(
    "The operation was aborted due to timeout",
    "TimeoutError",
  );

/** Put Node's words in the place of the browser's. */
export function installAborts() {
  const { abort } = AbortController.prototype;
  AbortController.prototype.abort = function (reason = aborted()) {
    abort.call(this, reason);
  };
  const { abort: abortedSignal, timeout } = AbortSignal;
  AbortSignal.abort = (reason = aborted()) =>
    abortedSignal.call(AbortSignal, reason);
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const signal = timeout.call(AbortSignal, ms);
    signal.addEventListener("abort", () =>
      abort.call(controller, late()),
    );
    return controller.signal;
  };
}
