// Event streams by graphql-sse. They follow through restarts of the server, and miss nothing.
import { createClient, type RequestParams } from "graphql-sse";
import { type SubscriptionForwarder } from "urql";

import type { ActivitySubscription } from "../gql/graphql";

/** Whether events come: `retrying` until the next attempt succeeds, `ended` if none would. */
export type StreamState = "connecting" | "live" | "retrying" | "ended";

const LONGEST_WAIT_SECONDS = 15;

export function createForwarder(url: string, onState: (state: StreamState) => void): SubscriptionForwarder {
  return (body) => ({
    subscribe(sink) {
      // One client for each stream, which ends with it.
      const client = createClient({
        url,
        credentials: "include",
        retryAttempts: Number.POSITIVE_INFINITY,
        retry: async (retries) => {
          const seconds = Math.min(2 ** retries / 2, LONGEST_WAIT_SECONDS);
          // Not all clients at the same moment, after a restart.
          await new Promise((resolve) => setTimeout(resolve, 1000 * seconds * (0.5 + Math.random() / 2)));
        },
        fetchFn: async (input: RequestInfo, init?: RequestInit) => {
          const response = await fetch(input, init);
          // Such an answer would be the same next time.
          if (isRefused(response.status)) {
            client.dispose();
            onState("ended");
            sink.error(new Error(`HTTP status ${response.status}`));
          }
          return response;
        },
        on: {
          connecting: (isRetry) => onState(isRetry ? "retrying" : "connecting"),
          connected: () => onState("live"),
        },
      });
      // The same object is sent with each attempt: what has been seen is not sent again.
      const variables: Record<string, unknown> = { ...body.variables };
      // It sends whatever the request has, but its type knows no ids of documents.
      const request = { ...body, variables } as unknown as RequestParams;
      const stop = client.subscribe<ActivitySubscription>(request, {
        next(result) {
          const cursor = result.data?.pluginEvents.cursor;
          if (cursor) variables.after = cursor;
          sink.next(result as Parameters<typeof sink.next>[0]);
        },
        error: (error) => {
          onState("ended");
          sink.error(error);
        },
        complete: () => {
          onState("ended");
          sink.complete();
        },
      });
      return {
        unsubscribe() {
          stop();
          client.dispose();
        },
      };
    },
  });
}

function isRefused(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
