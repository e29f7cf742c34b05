"""How webnet is started and served: the environment, the commands `run` and `serve`, and their processes.

environment       reads the environment variables
observability     the log, the metrics and the traces
database_faults   explains database errors to operators
listening_socket  opens the socket that a server listens on
asgi_application  sets Django up and creates the ASGI application
asgi_router       routes event streams to Django's ASGI handler, all other requests to its WSGI handler
admission         decides which request gets a thread, and when
client_messages   receives a request's body, and notices that its client has left
shares            who a request counts for there, and whose turn is next
django_handlers   Django's handlers, which decode requests as UTF-8 whatever they name
lifespan          the start and the end of a serving process
page_streams      sends plugins' pages that are streamed, each on a thread of its own
asgi_types        the types of ASGI
event_loop        the event loop of a serving process, which plugins can't end
granian_workers   starts the workers of `serve`, and replaces them on SIGHUP
worker            loads the application in a worker
draining          how a replaced worker ends without failing requests
background        the threads beside the requests: the heartbeat, upkeep, quarantine, and the watchdog
apps              the server as a Django app, for its management commands
"""
