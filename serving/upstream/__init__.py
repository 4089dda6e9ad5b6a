"""The gateway as a client: keep-alive HTTP/1.1 to model servers, over TCP and Unix sockets."""
