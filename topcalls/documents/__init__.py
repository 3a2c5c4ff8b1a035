"""DOCUMENTS: text and rows out of files, in a process of their own."""
