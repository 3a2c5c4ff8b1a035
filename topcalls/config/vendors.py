"""Models and vendors, and what knowledge is searched with."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

LOCAL_EMBEDDINGS = "local"
"""As `embedding_model`: the one of the extra `embeddings`, and no server's."""


class VendorSettings(BaseModel):
    """Models and vendors, and what knowledge is searched with."""

    # --- AI
    openai_api_key: SecretStr | None = Field(
        None,
        description="Key of OpenAI or a compatible server. Also read from `OPENAI_API_KEY`.",
    )
    openai_base_url: str = Field(
        "https://api.openai.com/v1", description="Where the OpenAI API, or a compatible one, is."
    )
    realtime_model: str = Field(
        "gpt-realtime-2.1", description="Speech-to-speech model of calls that name none."
    )
    realtime_audio: Literal["g711", "pcm24"] = Field(
        "g711",
        description="Sound to and from the speech-to-speech model: as it is on the line, or "
        "converted, for compatible servers that know PCM at 24 kHz only.",
    )
    realtime_fallback: bool = Field(
        False,
        description="A call whose speech-to-speech model fails or falls silent goes on with the "
        "chain of `mode: legacy`.",
    )

    # --- the chain (`mode: legacy`)
    legacy_recognizers: str = Field(
        "",
        description="Who hears, in the order they are tried: `deepgram-flux`, `deepgram-nova`, "
        "`elevenlabs`, `openai`, `local`, with commas. Empty: Deepgram's if its key is set, then "
        "`openai`.",
    )
    legacy_model: str = Field(
        "gpt-6-luna", description="Language model of calls on the chain that name none."
    )
    legacy_fallback_models: str = Field(
        "", description="Models that replace it when it fails in a call, in order, with commas."
    )
    legacy_voices: str = Field(
        "",
        description="Who speaks, in the order they are tried: `elevenlabs`, `openai`, `local`, "
        "with commas. Empty: ElevenLabs if its key is set, then `openai`.",
    )
    answer_model: str = Field(
        "",
        description="Language model that reads who answered a call where nothing else has told, on "
        "the server of `chat_base_url`. Empty: none is asked.",
    )
    legacy_filler: str = Field(
        "",
        description="Said in `legacy` mode to a caller who waits for the model or a tool, where "
        "the call has no `filler`. Empty: words for one moment, in the call's language.",
    )
    legacy_filler_seconds: float = Field(
        2.5, ge=0, le=30, description="After how long it is said; 0: never."
    )
    speculative_replies: bool = Field(
        True,
        description="Begin to answer when the caller has probably finished; what is not used is "
        "paid for all the same. Only with `deepgram-flux`.",
    )
    chat_base_url: str = Field(
        "",
        description="Server of the language model, where it is another than `openai_base_url`: "
        "anything that speaks like OpenAI's chat completions (Gemini, Ollama, vLLM, llama.cpp).",
    )
    chat_features: str = Field(
        "",
        description="What this server understands, where its address does not tell: `openai`, "
        "`azure`, `gemini`, `ollama`, `vllm`, `llamacpp` or `least`, and single features after it, "
        "as in `vllm tools=no`; `docs/legacy.md` lists them.",
    )
    chat_api_key: SecretStr | None = Field(None, description="Its key, where it wants one.")
    analysis_model: str = Field(
        "",
        description="Language model that sums calls up and extracts what their `analysis_schema` "
        "asks for, on the server of `chat_base_url`. Empty: `legacy_model`.",
    )
    analysis_timeout_seconds: float = Field(
        60.0, gt=0, le=60, description="How long it may take for one answer."
    )
    analysis_parallel: int = Field(
        8,
        ge=1,
        le=1000,
        description="Most analyses that all workers together do at once.",
    )
    deepgram_api_key: SecretStr | None = Field(None, description="Key of Deepgram.")
    deepgram_base_url: str = Field(
        "https://api.deepgram.com", description="Where Deepgram's API is."
    )
    elevenlabs_api_key: SecretStr | None = Field(None, description="Key of ElevenLabs.")
    elevenlabs_base_url: str = Field(
        "https://api.elevenlabs.io", description="Where ElevenLabs' API is."
    )
    elevenlabs_model: str = Field("eleven_flash_v2_5", description="ElevenLabs' model that speaks.")
    elevenlabs_voice: str = Field(
        "rachel", description="Name or id of ElevenLabs' voice in calls that name none."
    )
    max_cloned_voices: int = Field(
        10, ge=0, le=10_000, description="Voices that an account may have cloned at once."
    )
    openai_transcription_model: str = Field(
        "gpt-transcribe", description="OpenAI's model that hears."
    )
    openai_speech_model: str = Field(
        "gpt-4o-mini-tts",
        description="OpenAI's model that speaks: one of `/audio/speech`, which end on 2027-01-06, "
        "or of speech to speech (`gpt-realtime-2.1-mini`), which reads the text.",
    )

    # --- knowledge
    embedding_model: str = Field(
        "",
        description="Embedding model by whose vectors knowledge is searched for its meaning as "
        "well, as `text-embedding-3-small`; `local`: one on this machine, without any server "
        "(needs the extra `embeddings`). Empty: by words alone. Sources that were read with "
        "another model are found by words until they are refreshed.",
    )
    embedding_base_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?$",
        description="Server of the embedding model, where it is another than `openai_base_url`: "
        "anything that speaks like OpenAI's embeddings (Ollama, vLLM, llama.cpp, TEI).",
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="Its key, where it wants one. Without `embedding_base_url`: OpenAI's."
    )
    embedding_dimensions: int | None = Field(
        None,
        ge=16,
        le=8192,
        description="Size of the vectors, of models that can shorten them. Empty: their own.",
    )
    max_knowledge_bytes: int = Field(
        500_000_000,
        ge=0,
        description="Most bytes of all knowledge sources of an account, as they were sent.",
    )
