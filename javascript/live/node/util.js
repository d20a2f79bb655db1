export {
  format,
  formatWithOptions,
  inspect,
} from "node-inspect-extracted";

/** @param {(...values: any[]) => void} call */
export function promisify(call) {
  return (/** @type {any[]} */ ...values) =>
    new Promise((resolve, reject) => {
      call(...values, (error, value) =>
        error ? reject(error) : resolve(value),
      );
    });
}
