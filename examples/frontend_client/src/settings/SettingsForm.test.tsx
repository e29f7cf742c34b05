// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { Provider } from "urql";
import { afterEach, expect, test, vi } from "vitest";

import { createCustomerClient } from "../client/client";
import type { SettingsStateFragment } from "../gql/graphql";
import { answerWith, type Answers } from "../testing";
import { SettingsForm } from "./SettingsForm";
import type { JsonObject } from "./pointers";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const schema = {
  type: "object",
  properties: {
    greeting: { type: "string", title: "Greeting" },
    token: { type: "string", title: "Token", writeOnly: true, format: "password" },
  },
} as const;

function state(effectiveSettings: JsonObject, settingsRevision: number): SettingsStateFragment {
  return {
    __typename: "CustomerPluginConfig",
    id: "config",
    effectiveSettings,
    settingsRevision,
    secretSettings: [{ __typename: "SecretSetting", path: "/token", isSet: true, updatedAt: "2026-01-01T00:00:00Z" }],
    settingsHistory: {
      __typename: "SettingsChangeConnection",
      nodes: [{ __typename: "SettingsChange", id: `change-${settingsRevision}`, actorName: "ada" }],
    },
  };
}

function show(answers: Answers) {
  const asked = answerWith(answers);
  const client = createCustomerClient("/graphql/", "acme", { onSignedOut: vi.fn(), onStreamState: vi.fn() });
  render(
    <Provider value={client}>
      <SettingsForm slug="acme" plugin="p" schema={schema} opened={state({ greeting: "Hello" }, 3)} mayChange />
    </Provider>,
  );
  return () => asked.filter(({ name }) => name === "SaveSettings").map(({ variables }) => variables);
}

const saved = (config: SettingsStateFragment) => ({ __typename: "UpdateCustomerPluginSettingsPayload", config });
const answer = (updateCustomerPluginSettings: unknown) => ({ __typename: "Mutation", updateCustomerPluginSettings });
const save = (name = "Save") => fireEvent.click(screen.getByRole("button", { name }));
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

test("what the server does not accept is said at its field", async () => {
  const faults = [{ __typename: "InputFault", path: ["input", "settings", "greeting"], message: "is too long" }];
  show({
    SaveSettings: () => answer({ __typename: "InvalidSettings", code: "INVALID_SETTINGS", message: "", faults }),
  });

  type("Greeting", "Hello, hello");
  save();

  expect((await screen.findByRole("alert")).textContent).toContain("1 value was not accepted");
  const field = screen.getByLabelText("Greeting");
  const described = field.getAttribute("aria-describedby")?.split(" ") ?? [];
  const texts = described.map((id) => document.getElementById(id)?.textContent ?? "");
  expect(texts.join(" ")).toContain("is too long");
  expect((field as HTMLInputElement).value).toBe("Hello, hello");
});

test("a secret is sent, and not shown again", async () => {
  const sent = show({ SaveSettings: () => answer(saved(state({ greeting: "Hello" }, 4))) });

  type("Token", "s3cret");
  save();

  expect(await screen.findByText("Saved.")).toBeTruthy();
  expect((screen.getByLabelText("Token") as HTMLInputElement).value).toBe("");
  save("Remove Token");
  await waitFor(() => expect(sent()).toHaveLength(2));
  expect(sent()).toEqual([
    { input: { customer: "acme", plugin: "p", settings: { token: "s3cret" }, expectedRevision: 3 } },
    { input: { customer: "acme", plugin: "p", settings: { token: null }, expectedRevision: 4 } },
  ]);
});

test("removing a secret keeps what was typed and not saved yet", async () => {
  const sent = show({ SaveSettings: () => answer(saved(state({ greeting: "Hello" }, 4))) });

  type("Greeting", "Hi");
  save("Remove Token");
  expect(await screen.findByText("Removed.")).toBeTruthy();

  expect((screen.getByLabelText("Greeting") as HTMLInputElement).value).toBe("Hi");
  save();
  await waitFor(() => expect(sent()).toHaveLength(2));
  expect(sent().at(-1)).toEqual({
    input: { customer: "acme", plugin: "p", settings: { greeting: "Hi" }, expectedRevision: 4 },
  });
});

test("a conflict shows both versions, and saves what was chosen onto the newer one", async () => {
  const theirs = state({ greeting: "Ahoy" }, 4);
  const sent = show({
    Settings: () => ({
      __typename: "Query",
      customerPluginConfig: { ...theirs, plugin: { __typename: "Plugin", id: "p", settingsSchema: schema } },
    }),
    SaveSettings: ({ input }: { input: { expectedRevision: number } }) =>
      answer(
        input.expectedRevision === 4
          ? saved(state({ greeting: "Hi" }, 5))
          : { __typename: "Conflict", code: "REVISION_CONFLICT", message: "", currentRevision: 4 },
      ),
  });

  type("Greeting", "Hi");
  type("Token", "s3cret");
  save();
  expect((await screen.findByRole("alert")).textContent).toContain("ada has changed these settings");
  expect(screen.getByLabelText("Saved by ada Ahoy")).toBeTruthy();
  expect(screen.queryByText("s3cret")).toBeNull();
  expect((screen.getByRole("button", { name: "Save these choices" }) as HTMLButtonElement).disabled).toBe(true);
  fireEvent.click(screen.getByLabelText("Yours Hi"));
  save("Save these choices");

  expect(await screen.findByText("Saved.")).toBeTruthy();
  expect(sent().at(-1)).toEqual({
    input: { customer: "acme", plugin: "p", settings: { greeting: "Hi", token: "s3cret" }, expectedRevision: 4 },
  });
});
