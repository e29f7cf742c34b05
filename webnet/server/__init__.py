"""How webnet is started and served: the environment, the commands `run` and `serve`, and their processes.

environment       reads the environment variables
observability     the log, the metrics and the traces
database_faults   explains database errors to operators
listening_socket  opens the socket that a server listens on
asgi              the application: which thread answers which request, and how it is answered
event_loop        the event loop of a serving process, which plugins can't end
granian_workers   starts the workers of `serve`, and replaces them on SIGHUP
worker            loads the application in a worker
collector         when garbage is looked for
geography         spares processes the search for GDAL
background        the threads beside the requests: the heartbeat, upkeep, quarantine, and the watchdog
apps              the server as a Django app, for its management commands
"""
