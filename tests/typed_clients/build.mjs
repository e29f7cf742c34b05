// Generates types from `schema.graphql`, checks the page's sources with them, and bundles it into `page.js`. Prints, as
// JSON, what TypeScript finds wrong.
import { codegen } from "@graphql-codegen/core";
import { preset } from "@graphql-codegen/client-preset";
import { build } from "esbuild";
import { buildSchema, introspectionFromSchema, isAbstractType, parse } from "graphql";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const generated = "src/gql/";
const sdl = readFileSync("schema.graphql", "utf8");
const schema = buildSchema(sdl);
const location = "src/overview.graphql";
const rawSDL = readFileSync(location, "utf8");
const documents = [{ location, rawSDL, document: parse(rawSDL) }];

mkdirSync(generated, { recursive: true });
const files = await preset.buildGeneratesSection({
  baseOutputDir: generated,
  config: {},
  documents,
  pluginMap: {},
  plugins: [],
  presetConfig: {},
  schema: parse(sdl),
  schemaAst: schema,
});
for (const file of files) writeFileSync(file.filename, await codegen(file));

// What graphcache and Apollo are given of the schema.
const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
const possibleTypes = abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]);
writeFileSync(`${generated}introspection.json`, JSON.stringify(introspectionFromSchema(schema)));
writeFileSync(`${generated}possibleTypes.json`, JSON.stringify(Object.fromEntries(possibleTypes)));

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc"], { encoding: "utf8" });
await build({
  bundle: true,
  // In these, both clients say on the console what they find wrong.
  conditions: ["development"],
  define: { "process.env.NODE_ENV": '"development"' },
  entryPoints: ["src/page.ts"],
  format: "esm",
  outfile: "page.js",
  target: "es2022",
});
console.log(JSON.stringify({ exitCode: tsc.status, faults: tsc.stdout + tsc.stderr }));
