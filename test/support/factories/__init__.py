"""Real sockets in known situations. See make_socket.py."""
