"""What taking part in a live call looks like."""

SAY = {"text": "The doctor will call you back within the hour.", "interrupt": True}
INJECT = {"text": "The parcel has left the depot: it arrives today.", "respond": True}
