"""The mod_audio_stream side: caller audio in, speech out."""
