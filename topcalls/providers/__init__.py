"""AI vendors, and carriers that sell numbers, behind small protocols."""
