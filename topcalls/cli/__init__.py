"""The `topcalls` command. Patching comes first: everything imported later is cooperative."""

from gevent import monkey

monkey.patch_all()

from topcalls.cli.root import main  # noqa: E402

__all__ = ["main"]
