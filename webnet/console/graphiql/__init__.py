"""GraphiQL in the console's frame: what a browser sees at the API's own addresses."""
