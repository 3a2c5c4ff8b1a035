"""What is sent to the switch: exact text, and no value that becomes a command."""

import inspect
from collections.abc import Callable
from dataclasses import replace

import pytest
from esl_dial_string import read_originate, split
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.keys import Sounds, sounds
from topcalls.errors import InvalidRequest
from topcalls.esl import commands

pytestmark = pytest.mark.unit

CHANNEL = "0b5c9f0e-8a51-4a35-9d0f-0d2f6a3f9d11"
OTHER = "0b5c9f0e-8a51-4a35-9d0f-0d2f6a3f9d12"

DIAL = commands.Dial(
    channel_uuid=CHANNEL,
    call_id=OTHER,
    owner="controller-1",
    node="n1",
    gateway="sandbox",
    number="+12025550100",
    caller_id_number="+12025550199",
    caller_id_name="O'Brien, Miller & Sons",
)


def test_an_outbound_call() -> None:
    assert commands.originate(replace(DIAL, caller_id_name="ACME")) == (
        f"originate {{origination_uuid={CHANNEL},tc_call_id={OTHER},tc_owner=controller-1,"
        "tc_node=n1,ignore_early_media=true,originate_timeout=61,"
        "origination_caller_id_number=+12025550199,origination_caller_id_name=ACME,"
        "absolute_codec_string='PCMU\\,PCMA',RECORD_STEREO=true,send_silence_when_idle=400,"
        "playback_terminators=none,"
        "hold_music=silence,"
        "STREAM_BUFFER_SIZE=40,STREAM_HEART_BEAT=0,STREAM_MESSAGE_DEFLATE=false,media_timeout=60000,"
        "execute_on_answer='sched_hangup +3600 allotted_timeout'}"
        "sofia/gateway/sandbox/+12025550100 &park()"
    )


def test_the_switch_reads_what_was_meant() -> None:
    extra = {"sip_h_X-Note": "it's {a, b}", "api_result": "\\n = 1"}
    variables, endpoint, application = read_originate(
        commands.originate(replace(DIAL, max_duration_seconds=120, variables=extra))
    )

    assert endpoint == "sofia/gateway/sandbox/+12025550100"
    assert application == "&park()"
    assert variables["origination_caller_id_name"] == "O'Brien, Miller & Sons"
    assert variables["absolute_codec_string"] == "PCMU,PCMA"
    assert variables["execute_on_answer"] == "sched_hangup +120 allotted_timeout"
    assert {name: variables[name] for name in extra} == extra


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel_uuid", "x"),
        ("channel_uuid", f"{CHANNEL}\n"),
        ("call_id", "a b"),
        ("owner", "+x"),
        ("node", ""),
        ("gateway", "a/b"),
        ("gateway", "../x"),
        ("number", "+1202|sofia/gateway/x/1"),
        ("number", "1,2"),
        ("number", "1:_:2"),
        ("number", ""),
        ("number", "-1"),
        ("number", "0" * 65),
        ("caller_id_number", "1\r\n\r\napi shutdown"),
        ("caller_id_name", "a\nb"),
        ("caller_id_name", "a\0b"),
        ("caller_id_name", 'x" <sip:boss@bank>'),
        ("caller_id_name", "${system rm}"),
        ("caller_id_name", "reload mod_event_socket"),
        ("caller_id_name", "a}b"),
        ("caller_id_name", "a:_:b"),
        ("caller_id_name", "x" * 65),
        ("ring_timeout_seconds", 0),
        ("ring_timeout_seconds", True),
        ("max_duration_seconds", 10**7),
        ("codecs", ()),
        ("codecs", ("OPUS",)),
        ("stream_buffer_ms", 30),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        commands.originate(replace(DIAL, **{field: value}))

    named = {"caller_id_name": {"caller_id_name", "origination_caller_id_name"}}
    assert caught.value.field in named.get(field, {field})


def test_our_own_variables_cannot_be_replaced() -> None:
    with pytest.raises(InvalidRequest) as caught:
        commands.originate(replace(DIAL, variables={"tc_owner": "somebody"}))

    assert caught.value.field == "tc_owner"


@pytest.mark.parametrize("name", ["a b", "a=b", "a,b", "", "1a", "a}b"])
def test_a_variables_name_is_a_name(name: str) -> None:
    with pytest.raises(InvalidRequest):
        commands.originate(replace(DIAL, variables={name: "x"}))


@pytest.mark.parametrize("endpoint", ["a b", "a,b", "a|b", "[x=1]a", "{x=1}a", "a:_:b", "a\nb"])
def test_an_endpoint_is_one_endpoint(endpoint: str) -> None:
    with pytest.raises(InvalidRequest):
        commands.originate_to(endpoint, {}, channel_uuid=CHANNEL)


printable = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\\',{}=\" $"),
    max_size=30,
)


def _acts_on_the_switch(value: str) -> bool:
    return "${" in value or "mod_event_socket" in value.lower()


def _paired(value: str) -> bool:
    """Braces as brackets of an arithmetic expression would be."""
    braces = "".join(character for character in value if character in "{}")
    while "{}" in braces:
        braces = braces.replace("{}", "")
    return not braces


@given(values=st.lists(printable, min_size=1, max_size=4))
def test_any_value_arrives_as_it_is_or_is_refused(values: list[str]) -> None:
    given_variables = {f"v{number}": value for number, value in enumerate(values)}
    try:
        command = commands.originate_to("null/x", given_variables, channel_uuid=CHANNEL)
    except InvalidRequest:
        assert any(_acts_on_the_switch(v) or ":_:" in v or not _paired(v) for v in values)
        return

    variables, endpoint, application = read_originate(command)

    filled = {name: value for name, value in given_variables.items() if value}
    assert variables == {"origination_uuid": CHANNEL, **filled}
    assert (endpoint, application) == ("null/x", "&park()")


@given(value=printable)
def test_any_argument_arrives_as_it_is_or_is_refused(value: str) -> None:
    try:
        command = commands.uuid_setvar(CHANNEL, "note", value)
    except InvalidRequest:
        assert _acts_on_the_switch(value)
        return

    parts = split(command.removeprefix("uuid_setvar "), " ", 3)

    assert parts == [CHANNEL, "note", value] if value else [CHANNEL, "note"]


@given(text=st.text(max_size=80))
def test_no_text_makes_a_second_line(text: str) -> None:
    for build in (
        lambda: commands.originate(replace(DIAL, caller_id_name=text)),
        lambda: commands.uuid_setvar(CHANNEL, "note", text),
        lambda: commands.uuid_record_start(CHANNEL, f"/{text}"),
        lambda: commands.uuid_transfer(CHANNEL, text),
        lambda: commands.event_filter("variable_tc_owner", text),
    ):
        try:
            command = build()
        except InvalidRequest:
            continue
        assert len(command.splitlines()) == 1
        assert commands.line(command) == command


EXACT: list[tuple[Callable[..., str], tuple[object, ...], dict[str, object], str]] = [
    (commands.uuid_kill, (), {}, "uuid_kill {u} NORMAL_CLEARING"),
    (commands.uuid_kill, ("USER_BUSY",), {}, "uuid_kill {u} USER_BUSY"),
    (commands.uuid_answer, (), {}, "uuid_answer {u}"),
    (commands.uuid_ring_ready, (), {}, "uuid_ring_ready {u}"),
    (commands.uuid_exists, (), {}, "uuid_exists {u}"),
    (commands.uuid_getvar, ("tc_call_id",), {}, "uuid_getvar {u} tc_call_id"),
    (commands.uuid_getvar, ("tc_owner",), {}, "uuid_getvar {u} tc_owner"),
    (commands.uuid_dump, (), {}, "uuid_dump {u} json"),
    (commands.uuid_setvar, ("tc_owner", "me"), {}, "uuid_setvar {u} tc_owner me"),
    (commands.uuid_setvar, ("note", "it's a"), {}, "uuid_setvar {u} note 'it\\'s a'"),
    (commands.uuid_setvar, ("note", ""), {}, "uuid_setvar {u} note"),
    (commands.uuid_transfer, ("1000",), {}, "uuid_transfer {u} 1000 XML default"),
    (
        commands.uuid_transfer,
        ("1000",),
        {"context": "public", "dialplan": "inline"},
        "uuid_transfer {u} 1000 inline public",
    ),
    (commands.uuid_bridge, (CHANNEL,), {}, "uuid_bridge {u} {u}"),
    (
        commands.uuid_deflect,
        ("+12025550177", "10.0.0.5:5060"),
        {},
        "uuid_deflect {u} sip:+12025550177@10.0.0.5:5060",
    ),
    (commands.uuid_send_dtmf, ("12w#@200",), {}, "uuid_send_dtmf {u} 12w#@200"),
    (
        commands.uuid_press_tones,
        (sounds("1wD"),),
        {},
        "uuid_displace {u} start tone_stream://v=-4;%(100,600,697,1209);%(100,100,941,1633)",
    ),
    (commands.uuid_displace_start, ("/a.r8",), {}, "uuid_displace {u} start /a.r8 0 fml"),
    (commands.uuid_displace_stop, ("/a b.r8",), {}, "uuid_displace {u} stop '/a b.r8'"),
    (commands.sched_hangup, (60,), {}, "sched_hangup +60 {u} allotted_timeout"),
    (commands.sched_del, (), {}, "sched_del {u}"),
    (commands.uuid_break, (), {}, "uuid_break {u} all"),
    (commands.uuid_break, (), {"everything": False}, "uuid_break {u}"),
    (commands.uuid_fileman_pause, (), {}, "uuid_fileman {u} pause"),
    (
        commands.uuid_record_start,
        ("/rec/a b.wav",),
        {},
        "uuid_record {u} start '/rec/a b.wav' 0"
        " {{RECORD_STEREO=true,enable_file_write_buffering=8192}}",
    ),
    (
        commands.uuid_record_start,
        ("/rec/a.wav",),
        {"limit_seconds": 60, "stereo": False},
        "uuid_record {u} start /rec/a.wav 60"
        " {{RECORD_STEREO=false,enable_file_write_buffering=8192}}",
    ),
    (commands.uuid_record_mask, ("/rec/a.wav",), {}, "uuid_record {u} mask /rec/a.wav"),
    (commands.uuid_record_unmask, ("/rec/a.wav",), {}, "uuid_record {u} unmask /rec/a.wav"),
    (commands.uuid_record_pause, ("/rec/a.wav",), {}, "uuid_record {u} pause /rec/a.wav"),
    (commands.uuid_record_resume, ("/rec/a.wav",), {}, "uuid_record {u} resume /rec/a.wav"),
    (commands.uuid_record_stop, ("/rec/a.wav",), {}, "uuid_record {u} stop /rec/a.wav"),
    (
        commands.uuid_audio_stream_start,
        ("ws://10.0.0.1:8000/stream/a-1?x=2",),
        {},
        "uuid_audio_stream {u} start ws://10.0.0.1:8000/stream/a-1?x=2 mono 8000",
    ),
    (
        commands.uuid_audio_stream_start,
        ("wss://media.example.com/s",),
        {"mix": "stereo", "rate": 16000, "metadata": '{"call": "a\'b"}'},
        "uuid_audio_stream {u} start wss://media.example.com/s stereo 16000 "
        '\'{{"call": "a\\\'b"}}\'',
    ),
    (commands.uuid_audio_stream_stop, (), {}, "uuid_audio_stream {u} stop"),
    (commands.uuid_audio_stream_resume, (), {}, "uuid_audio_stream {u} resume"),
]


@pytest.mark.parametrize(("build", "args", "options", "text"), EXACT)
def test_commands_on_a_channel(
    build: Callable[..., str], args: tuple[object, ...], options: dict[str, object], text: str
) -> None:
    assert build(CHANNEL, *args, **options) == text.format(u=CHANNEL)


@pytest.mark.parametrize(("build", "args", "options", "text"), EXACT)
@pytest.mark.parametrize("uuid", ["", "all", f"{CHANNEL} all", f"{CHANNEL}\n\napi x", CHANNEL[1:]])
def test_a_channel_is_a_uuid(
    build: Callable[..., str],
    args: tuple[object, ...],
    options: dict[str, object],
    text: str,
    uuid: str,
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(uuid, *args, **options)

    assert caught.value.field == "uuid"


@pytest.mark.parametrize(
    ("build", "args", "field"),
    [
        (commands.uuid_kill, ("NO SUCH",), "cause"),
        (commands.uuid_getvar, ("a b",), "name"),
        (commands.uuid_setvar, ("a b", "x"), "name"),
        (commands.uuid_setvar, ("a", "x\ny"), "value"),
        (commands.uuid_setvar, ("a", "${x}"), "value"),
        (commands.uuid_setvar, ("a", "x" * 40_000), "value"),
        (commands.uuid_transfer, ("-both",), "destination"),
        (commands.uuid_transfer, ("'set:x=1,park:' inline",), "destination"),
        (commands.uuid_bridge, ("other",), "uuid"),
        (commands.uuid_deflect, ("1@evil.example", "a.example"), "number"),
        (commands.uuid_deflect, ("+1202", "a.example;x=1"), "host"),
        (commands.uuid_deflect, ("+1202", ""), "host"),
        (commands.uuid_send_dtmf, ("1 2",), "digits"),
        (commands.uuid_send_dtmf, ("",), "digits"),
        (commands.uuid_press_tones, (Sounds(0, (("1;x", 100),)),), "keys"),
        (commands.uuid_displace_start, ("a.r8",), "path"),
        (commands.uuid_displace_start, ("/a.r8\nuuid_kill",), "path"),
        (commands.uuid_displace_stop, ("/../a.r8",), "path"),
        (commands.sched_hangup, (0,), "seconds"),
        (commands.sched_hangup, ("1 x",), "seconds"),
        (commands.uuid_record_start, ("a.wav",), "path"),
        (commands.uuid_record_start, ("/rec/../etc/a.wav",), "path"),
        (commands.uuid_record_start, ("/rec/a\n.wav",), "path"),
        (commands.uuid_record_stop, ("all",), "path"),
        (commands.uuid_audio_stream_start, ("http://x/",), "url"),
        (commands.uuid_audio_stream_start, ("ws://a_b/",), "url"),
        (commands.uuid_audio_stream_start, ("ws://a/b c",), "url"),
        (commands.uuid_audio_stream_start, ("ws://a/\n",), "url"),
    ],
)
def test_a_wrong_argument_is_refused_by_its_name(
    build: Callable[..., str], args: tuple[object, ...], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build(CHANNEL, *args)

    assert caught.value.field == field


@pytest.mark.parametrize("options", [{"mix": "both"}, {"rate": 11025}, {"rate": 0}])
def test_a_stream_has_a_form_the_module_knows(options: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        commands.uuid_audio_stream_start(CHANNEL, "ws://a/", **options)  # type: ignore[arg-type]


# -- running an application -------------------------------------------------------------------


def test_an_application_without_lock_and_argument() -> None:
    assert commands.sendmsg_execute(CHANNEL, "break", event_lock=False).splitlines() == [
        f"sendmsg {CHANNEL}",
        "call-command: execute",
        "execute-app-name: break",
    ]


@pytest.mark.parametrize("arg", [" leading", "trailing ", "ż" * 3000])
def test_an_argument_that_a_header_cannot_hold_is_a_body(arg: str) -> None:
    head, body = commands.sendmsg_execute(CHANNEL, "playback", arg).split("\n\n")

    assert body == arg
    assert head.splitlines()[-2:] == [
        "content-type: text/plain",
        f"content-length: {len(arg.encode())}",
    ]


@pytest.mark.parametrize(
    ("app", "arg", "field"),
    [
        ("playback\nx: y", "", "app"),
        ("", "", "app"),
        ("playback", "a\nevent-lock: false", "arg"),
        ("playback", "a\r\n\r\napi shutdown", "arg"),
        ("playback", "${api(shutdown)}", "arg"),
        ("playback", "%[x=1]a", "arg"),
        ("playback", "a\\'b", "arg"),
        ("playback", "unload mod_event_socket", "arg"),
    ],
)
def test_an_application_cannot_carry_commands(app: str, arg: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        commands.sendmsg_execute(CHANNEL, app, arg)

    assert caught.value.field == field


# -- the connection ---------------------------------------------------------------------------


def test_subscriptions_name_custom_events_last() -> None:
    assert commands.event_subscription(["DTMF"], ["a::b"]) == "event json DTMF CUSTOM a::b"
    assert commands.event_subscription(["DTMF"]) == "event json DTMF"
    for names, subclasses in ((["all x"], []), (["DTMF"], ["a b"]), (["DTMF\n"], [])):
        with pytest.raises(InvalidRequest):
            commands.event_subscription(names, subclasses)


def test_a_filter_cannot_be_a_pattern() -> None:
    assert commands.event_filter("Event-Name", "DTMF") == "filter Event-Name DTMF"
    for value in ("/.*/", "-x", "+x", "a b", "", "a\nb"):
        with pytest.raises(InvalidRequest):
            commands.event_filter("variable_tc_owner", value)


@pytest.mark.parametrize(
    "command",
    ["a\nb", "a\rb", "a\0", "", " a", "a ", "x" * 40_000, "sched_api +1 x ${y}"],
)
def test_a_line_is_a_line(command: str) -> None:
    with pytest.raises(InvalidRequest):
        commands.line(command)


def test_every_channel_command_was_tried() -> None:
    tried = {build.__name__ for build, *_ in EXACT}
    builders = {
        name
        for name, build in inspect.getmembers(commands, inspect.isfunction)
        if name.startswith(("uuid_", "sched_")) and build.__module__ == commands.__name__
    }

    assert builders == tried


def test_the_list_of_channels_is_json() -> None:
    assert commands.show_channels() == "show channels as json"
