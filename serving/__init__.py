"""Where people meet it: the API, the messenger, the console."""
