"""TopCalls: a self-hosted gateway that puts AI on the phone.

`docs/architecture.md` walks one call and one frame of audio through the packages below.
Imports go downwards only; the contracts in `setup.cfg` say which way is down.
"""

__version__ = "0.1.0"
