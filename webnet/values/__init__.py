"""What texts, numbers and JSON may be, and how they are stored and shown, wherever webnet takes some."""
