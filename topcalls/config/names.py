"""How settings are named outside."""

PREFIX = "TOPCALLS_"
CONFIG_VARIABLE = "TOPCALLS_CONFIG"
