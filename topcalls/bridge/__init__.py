"""ONE CONVERSATION: the per-call greenlet between the caller and an AI vendor."""
