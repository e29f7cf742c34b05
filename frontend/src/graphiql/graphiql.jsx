// GraphiQL's page: the editor, what it opens with, and how it talks to webnet.
import "./workers.js";
import "graphiql/style.css";
import "./page.css";

import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import { examples } from "./examples.js";
import { makeFetcher } from "./fetcher.js";
import { takeFromAddress } from "./shared_operation.js";

const page = JSON.parse(document.getElementById("webnet-page").textContent);

const shared = takeFromAddress();

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={makeFetcher(page)}
    // Shown where this browser keeps no tabs yet.
    defaultTabs={[...(shared ? [shared] : []), ...examples.map((query) => ({ query }))]}
    // Beside the tabs that it keeps.
    initialQuery={shared?.query}
    initialVariables={shared?.variables}
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>
      <span className="webnet-logo">GraphiQL</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
