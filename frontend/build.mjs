// Bundles GraphiQL's page and the workers of its editor into one folder: `node build.mjs [folder]`.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const defaultFolder = new URL("../webnet/api/static/webnet/graphiql/", import.meta.url);
const folder = resolve(process.argv[2] ?? fileURLToPath(defaultFolder));
// Below this, a compressed copy is not worth a file.
const smallestToCompress = 1024;

const common = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "linked",
  logLevel: "warning",
  minify: true,
  outdir: folder,
  target: "es2022",
};

rmSync(folder, { recursive: true, force: true });

// The page loads the rarer parts of GraphiQL (its formatter, say) when they are first needed.
await build({
  ...common,
  entryPoints: { graphiql: "src/graphiql.jsx" },
  format: "esm",
  splitting: true,
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  jsx: "automatic",
  loader: { ".ttf": "file" },
});

// Workers are scripts of their own, each with all it needs.
await build({
  ...common,
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
  format: "iife",
});

// The server sends these to browsers that take them.
for (const name of readdirSync(folder)) {
  const content = readFileSync(join(folder, name));
  if (content.length >= smallestToCompress) {
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}
