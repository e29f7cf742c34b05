"""What can be followed: subscriptions over Server-Sent Events, and the audit log as a stream."""
