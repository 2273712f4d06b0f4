"""A simulated Gridshare API and a simulated Cognito login, as one WSGI program for tests and demo.

It shares no code with the portal: a simulator built on the client's types would share the client's
misunderstandings.
"""
