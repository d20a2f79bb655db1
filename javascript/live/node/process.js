const { process } = globalThis;

export const { argv, env, exit, hrtime, nextTick, stdout, stderr } =
  process;
export default process;
