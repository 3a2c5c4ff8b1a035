"""PROCESS: Huey tasks and the leased loops that keep queues moving. The only importer of huey."""
