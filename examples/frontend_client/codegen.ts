// `npm run codegen` writes src/gql/ from the schema with all plugins and from the documents.
import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: "src/documents/*.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        // Each document has its id as `__meta__.hash`, and persisted-documents.json is for `manage.py trust_documents`.
        persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" },
      },
      // The cache asks for `__typename` everywhere, so what is trusted has to.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: "string", JSON: "unknown" },
      },
    },
    // What graphcache knows of the schema.
    "src/gql/introspection.json": { plugins: ["./codegen/introspection.mjs"] },
  },
};

export default config;
