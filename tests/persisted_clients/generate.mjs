// Codegen's client preset, as its command line calls it: writes `persisted-documents.json` and the documents of a client
// for the operations in a file.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildSchema, parse } from "graphql";

const { schema, operations, output } = JSON.parse(process.argv[2]);
const text = readFileSync(schema, "utf8");
const written = readFileSync(operations, "utf8");
const sections = await preset.buildGeneratesSection({
  baseOutputDir: `${output}/`,
  schema: parse(text),
  schemaAst: buildSchema(text),
  documents: [{ location: operations, document: parse(written), rawSDL: written }],
  config: { enumsAsTypes: true, useTypeImports: true },
  presetConfig: { persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" } },
  plugins: [],
  pluginMap: {},
  pluginContext: {},
});
// Together: one of them waits for another.
const outputs = await Promise.all(sections.map((section) => codegen(section)));
sections.forEach(({ filename }, index) => writeFileSync(path.join(output, path.basename(filename)), outputs[index]));
console.log(JSON.stringify(sections.map(({ filename }) => path.basename(filename))));
