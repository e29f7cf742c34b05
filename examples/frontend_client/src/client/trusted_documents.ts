// Requests have the ids of their documents instead of the text: webnet knows the documents of this build.
import { type DocumentNode } from "graphql";
import { type Exchange, makeOperation, mapExchange, type Operation } from "urql";

/** What codegen adds to each document. */
type Identified = DocumentNode & { __meta__: { hash: string } };

export const trustedDocumentsExchange: Exchange = mapExchange({
  onOperation(operation) {
    const document = operation.query as Identified;
    // urql sends the id of a document without definitions.
    const query = { kind: "Document", definitions: [], documentId: document.__meta__.hash } as typeof operation.query;
    return makeOperation(operation.kind, { ...operation, query }, { ...operation.context, document });
  },
  // The cache reads each event by the document of its operation.
  onResult: (result) => ({ ...result, operation: restore(result.operation) }),
});

function restore(operation: Operation): Operation {
  return makeOperation(operation.kind, { ...operation, query: operation.context.document as DocumentNode });
}
