"""VERBS: what the product can do, one transaction each. The listing reads like the product."""
