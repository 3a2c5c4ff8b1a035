"""AI vendors behind small protocols."""
