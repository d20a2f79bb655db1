// Ends this process within a second after its parent has ended, even by
// SIGKILL: node --require ./javascript/tools/lifeline.js --test …
// The test runner hands it on to the process of every file.

const parent = process.ppid;

function hasEnded() {
  if (process.ppid !== parent) return true;
  try {
    // Windows goes on naming a parent that is gone.
    process.kill(parent, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

setInterval(() => {
  if (hasEnded()) process.exit(1);
}, 1000).unref();
