"""Event Socket: how the controller drives FreeSWITCH. The only importer of greenswitch."""
