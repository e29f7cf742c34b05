// Where the editor finds its workers: beside this script, on our own server.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = ["graphql", "json"].includes(label) ? label : "editor";
    return new Worker(new URL(`./${name}.worker.js`, import.meta.url), { name: label });
  },
};
