// Bundles the console's script, and GraphiQL's page with the workers of its editor: `node build.mjs [folder]`.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
// Where the pages find the bundles; with a folder, both are made in it.
const made = process.argv[2] && resolve(process.argv[2]);
const consoleFolder = made ? join(made, "console") : resolve(here, "../webnet/console/static/webnet/console/bundle");
const graphiqlFolder = made ? join(made, "graphiql") : resolve(here, "../webnet/api/static/webnet/graphiql");
// Below this, a compressed copy is not worth a file.
const smallestToCompress = 1024;

const common = {
  absWorkingDir: here,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "linked",
  logLevel: "warning",
  minify: true,
  target: "es2022",
};

rmSync(consoleFolder, { recursive: true, force: true });
rmSync(graphiqlFolder, { recursive: true, force: true });

const consoleScript = await build({
  ...common,
  outdir: consoleFolder,
  entryPoints: { console: "src/console/console.js" },
  format: "iife",
  metafile: true,
});

// The page loads the rarer parts of GraphiQL (its formatter, say) when they are first needed.
await build({
  ...common,
  outdir: graphiqlFolder,
  entryPoints: { graphiql: "src/graphiql/graphiql.jsx" },
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
  outdir: graphiqlFolder,
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
  format: "iife",
});

// htmx's files have no legal comments that esbuild could link.
writeFileSync(join(consoleFolder, "NOTICE.txt"), listLicenses(consoleScript.metafile));
compress(consoleFolder);
compress(graphiqlFolder);

/** Name, version and license of each package in a bundle. */
function listLicenses({ inputs }) {
  const packages = Object.keys(inputs).map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
  const notices = [...new Set(packages.filter(Boolean))].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
    const license = readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8");
    return `${name} ${version}\n\n${license.trim()}\n`;
  });
  return `console.js has these packages within it.\n\n${notices.join("\n\n")}`;
}

/** The server sends compressed copies to browsers that take them. */
function compress(folder) {
  for (const name of readdirSync(folder)) {
    const content = readFileSync(join(folder, name));
    if (content.length >= smallestToCompress) {
      writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
    }
  }
}
