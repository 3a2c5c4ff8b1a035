"""The double of api.deepgram.com: live recognition, Nova and Flux."""
