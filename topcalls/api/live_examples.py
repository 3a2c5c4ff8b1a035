"""What taking part in a live call looks like."""

SAY = {"text": "The doctor will call you back within the hour.", "interrupt": True}
INJECT = {"text": "The parcel has left the depot: it arrives today.", "respond": True}
INVITATION = {
    "url": "https://calls.example.com/node-1/listen/b7c1f1f0-0d4a-4a53-9d0e-7c1f1f00d4a4/"
    "1.1795444330.0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11.9f2c…/call.wav",
    "expires_at": "2026-11-23T14:37:10Z",
}
