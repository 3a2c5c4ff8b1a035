"""Recordings in an object store: built only for an installation that keeps them there."""

from __future__ import annotations

from topcalls.clock import SystemClock
from topcalls.config import Settings
from topcalls.services.recording_cipher import RecordingCipher
from topcalls.services.recording_s3 import Bucket, S3Store
from topcalls.services.s3_credentials import FoundCredentials


def object_store(settings: Settings, cipher: RecordingCipher, encrypt: bool) -> S3Store:
    """The store of the settings. Raises `ConfigError` where it cannot be used."""
    source = settings.recording_s3_credentials
    found = None if source == "keys" else FoundCredentials(source, SystemClock())
    return S3Store(_bucket(settings), cipher, encrypt=encrypt, credentials=found)


def _bucket(settings: Settings) -> Bucket:
    secret = settings.recording_s3_secret_key
    return Bucket(
        settings.recording_s3_url.rstrip("/"),
        settings.recording_s3_bucket,
        settings.recording_s3_access_key,
        secret.get_secret_value() if secret else "",
        settings.recording_s3_region,
        settings.recording_s3_prefix,
    )
