// A message in a box: an error interrupts who listens, everything else waits.
import type { ReactNode } from "react";

interface Props {
  readonly kind: "error" | "info";
  readonly children: ReactNode;
  /** Offers to try again. */
  readonly onRetry?: () => void;
}

export function Notice({ kind, children, onRetry }: Props) {
  return (
    <div className={`notice ${kind}`} role={kind === "error" ? "alert" : "status"}>
      <div>{children}</div>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
