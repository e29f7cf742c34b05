// Parts that need a plugin, guarded in each way: their fields are the host's, since this schema has no plugin's.
import { graphql } from "relay-runtime";

export const query = graphql`
  query GuardsQuery {
    navigationItems @ifPlugin(name: "field") { id label }
    ... @ifPlugin(name: "inline_fragment") { dashboardWidgets { id title } }
    viewer { ...Guards_spread @ifPlugin(name: "spread") ...Guards_definition }
  }
`;
export const spread = graphql`
  fragment Guards_spread on Viewer { isPlatformOperator }
`;
export const definition = graphql`
  fragment Guards_definition on Viewer @ifPlugin(name: "definition") { user { username } }
`;
