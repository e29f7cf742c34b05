"""Where everybody begins: the things to do, and GraphiQL in the frame."""
