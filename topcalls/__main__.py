"""`python -m topcalls` is the `topcalls` command."""

from topcalls.cli import main

if __name__ == "__main__":
    main()
