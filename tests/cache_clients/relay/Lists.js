// What a client made with Relay declares: pages of every list that has some, and what mutations do to its records.
import { graphql } from "relay-runtime";

export const query = graphql`
  query ListsQuery($slug: String!, $ids: [ID!]!) {
    plugins(first: 10) {
      nodes { id name createdAt updatedAt }
    }
    nodes(ids: $ids) { id ... on CustomerPermission { codename } }
    customer(slug: $slug) { ...Lists_members ...Lists_configs }
    viewer { ...Lists_memberships ...Lists_tokens }
    navigationItems { id label }
    dashboardWidgets { id title }
  }
`;
export const members = graphql`
  fragment Lists_members on Customer
  @refetchable(queryName: "ListsMembersQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    members(first: $count, after: $cursor) @connection(key: "Lists_members") {
      edges { node { id role user { username createdAt } } }
    }
  }
`;
export const configs = graphql`
  fragment Lists_configs on Customer
  @refetchable(queryName: "ListsConfigsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    pluginConfigs(first: $count, after: $cursor) @connection(key: "Lists_pluginConfigs") {
      edges { node { id enabled settingsHistory(first: 1) { edges { node { id } } } } }
    }
  }
`;
export const memberships = graphql`
  fragment Lists_memberships on Viewer
  @refetchable(queryName: "ListsMembershipsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    memberships(first: $count, after: $cursor) @connection(key: "Lists_memberships") {
      edges { node { id role } }
    }
  }
`;
export const tokens = graphql`
  fragment Lists_tokens on Viewer
  @refetchable(queryName: "ListsTokensQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, cursor: { type: "String" }) {
    apiTokens(first: $count, after: $cursor) @connection(key: "Lists_apiTokens") {
      edges { node { id name } }
    }
  }
`;
export const removal = graphql`
  mutation ListsRemoveMutation($input: RemoveMemberInput!, $connections: [ID!]!) {
    removeMember(input: $input) {
      ... on RemoveMemberPayload {
        removedMembershipId @deleteRecord
        again: removedMembershipId @deleteEdge(connections: $connections)
      }
      ... on Refusal { code message }
    }
  }
`;
export const revocation = graphql`
  mutation ListsRevokeMutation($input: RevokeApiTokenInput!, $connections: [ID!]!) {
    revokeApiToken(input: $input) {
      ... on RevokeApiTokenPayload { apiToken { id @deleteEdge(connections: $connections) revokedAt } }
    }
  }
`;
