// Refusals and errors in words. Programs decide by the code, since messages may change.
import type { CombinedError } from "urql";

/** What a refusal of any type has, and what some have. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The plugins that are in the way. */
  readonly plugins?: readonly string[];
  readonly retryAfterSeconds?: number;
}

const REFUSALS: Record<string, (refusal: Refusal) => string> = {
  AVAILABILITY: () => "Your provider decides about this plugin: it can't be switched here.",
  BAD_CREDENTIALS: () => "The username or the password is wrong.",
  CUSTOMER_NOT_FOUND: () => "This customer does not exist, or you are not a member.",
  DEPENDENCY_DISABLED: ({ plugins }) => `It needs ${list(plugins)}, which must be on as well.`,
  DEPENDENCY_MISSING: ({ plugins }) => `It needs ${list(plugins)}, which your provider has not installed.`,
  DEPENDENCY_VERSION: ({ plugins }) => `It needs another version of ${list(plugins)}. Please ask your provider.`,
  DEPENDENTS_ENABLED: ({ plugins }) => `${list(plugins)} would stop working, and must be off as well.`,
  HOOK_FAILED: () => "The plugin failed while it was switched. Nothing has changed. Please tell your provider.",
  NOT_SIGNED_IN: () => "You are not signed in any more.",
  PLUGIN_DISABLED: () => "Your provider has disabled this plugin for everybody.",
  PLUGIN_NOT_FOUND: () => "This plugin does not exist any more.",
  PLUGIN_NOT_RUNNABLE: () => "This plugin does not work at the moment. Please tell your provider.",
  RATE_LIMITED: ({ retryAfterSeconds }) => `Too many attempts. Try again in ${seconds(retryAfterSeconds)}.`,
  ROLE_TOO_LOW: () => "Your role does not allow this. Please ask an admin of the customer.",
};

const ERRORS: Record<string, string> = {
  CUSTOMER_NOT_FOUND: "This customer does not exist, or you are not a member.",
  CSRF_FAILED: "webnet does not accept requests of this page: its address is not in WEBNET_CORS_ORIGINS.",
  DATABASE_BUSY: "webnet is busy. Please try again in a moment.",
  DATABASE_UNAVAILABLE: "webnet is not available. Please try again in a moment.",
  DEADLINE_EXCEEDED: "This took too long, and nothing has changed. Please try again.",
  DOCUMENT_NOT_TRUSTED: "webnet does not know this version of the page. Please reload it.",
  PERSISTED_QUERY_NOT_FOUND: "webnet does not know this version of the page. Please reload it.",
  RATE_LIMITED: "Too many requests. Please try again in a minute.",
  SERVER_BUSY: "webnet is busy. Please try again in a moment.",
  UNAUTHENTICATED: "You are not signed in any more.",
};

/** A sentence by the refusal's code; the server's own for a code that this version does not know. */
export function describeRefusal(refusal: Refusal): string {
  return REFUSALS[refusal.code]?.(refusal) ?? refusal.message;
}

/** A sentence for what went wrong; the number of the request finds it in the server's log. */
export function describeError(error: CombinedError): string {
  const [first] = error.graphQLErrors;
  if (first) {
    const { code, requestId } = first.extensions;
    const known = ERRORS[String(code)];
    return known ?? `Something went wrong.${requestId ? ` Please tell your provider this number: ${requestId}` : ""}`;
  }
  return "webnet can't be reached. Please check your connection, and try again.";
}

/** The names in quotation marks, as a sentence has them. */
function list(names: readonly string[] = []): string {
  const quoted = names.map((name) => `“${name}”`);
  return new Intl.ListFormat("en", { type: "conjunction" }).format(quoted) || "another plugin";
}

function seconds(number = 1): string {
  const rounded = Math.ceil(number);
  return rounded === 1 ? "1 second" : `${rounded} seconds`;
}
