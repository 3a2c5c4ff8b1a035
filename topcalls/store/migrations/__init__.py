"""Forward-only schema migrations, one module each, applied in order of name."""
