// `node --import ./lifeline.js server.js`: the server ends when its standard
// input closes, which happens when its owner ends, however that ends.
// python/mock_api/lifeline.py has the same for Python.

process.stdin
  .on("end", () => process.exit())
  .resume()
  .unref();
