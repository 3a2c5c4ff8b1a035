"""PROCESS: the REST API. The only importer of Flask."""
