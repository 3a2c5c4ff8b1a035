"""The rules that this version ships, as data: docs/rules.md says what stands in these files."""
