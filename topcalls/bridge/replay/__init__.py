"""Conversations held again: the recorded caller in the place of the telephone line."""
