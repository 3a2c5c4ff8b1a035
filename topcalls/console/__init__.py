"""The web console: pages for people, made of what the REST API answers.

A page asks the API inside this process, as the key that its reader signed in with. So the console
can do nothing that the API cannot, and rules, scopes, limits and errors are written once.
"""
