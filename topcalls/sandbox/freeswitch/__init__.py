"""Double of FreeSWITCH with mod_audio_stream and a scripted callee."""
