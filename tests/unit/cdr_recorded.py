"""A record that mod_json_cdr of FreeSWITCH 1.10.12 wrote of an inbound call; variables and
counters were left out."""

RECORD = {
    "core-uuid": "ee9a7178-d4e1-4eff-9f7c-937dbc93015f",
    "switchname": "switch",
    "channel_data": {
        "state": "CS_REPORTING",
        "direction": "inbound",
        "state_number": "11",
        "flags": "0=1;1=1",
        "caps": "0=1;1=1",
    },
    "callStats": {"audio": {"inbound": {"packet_count": 173}, "outbound": {"packet_count": 175}}},
    "variables": {
        "direction": "inbound",
        "uuid": "8243c691-1a38-41cc-bc3e-68f3e3849901",
        "session_id": "68",
        "sip_from_user": "0000000000",
        "sip_from_uri": "0000000000%40127.0.0.1",
        "channel_name": "sofia/external/0000000000%40127.0.0.1",
        "sip_term_status": "200",
        "proto_specific_hangup_cause": "sip%3A200",
        "sip_term_cause": "16",
        "sip_hangup_disposition": "recv_bye",
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_cause_q850": "16",
        "start_uepoch": "1795456197409611",
        "answer_uepoch": "1795456197429624",
        "end_uepoch": "1795456200969806",
        "caller_id": "%220000000000%22%20%3C0000000000%3E",
        "duration": "3",
        "billsec": "3",
    },
    "app_log": {
        "applications": [{"app_name": "park", "app_data": "", "app_stamp": "1795456197423068"}]
    },
    "callflow": [
        {
            "dialplan": "XML",
            "profile_index": "1",
            "extension": {
                "name": "park_all",
                "number": "in1",
                "applications": [{"app_name": "park", "app_data": ""}],
            },
            "caller_profile": {
                "username": "0000000000",
                "dialplan": "XML",
                "caller_id_name": "0000000000",
                "ani": "0000000000",
                "aniii": "",
                "caller_id_number": "0000000000",
                "network_addr": "127.0.0.1",
                "rdnis": "",
                "destination_number": "in1",
                "uuid": "8243c691-1a38-41cc-bc3e-68f3e3849901",
                "source": "mod_sofia",
                "context": "public",
                "chan_name": "sofia/external/0000000000@127.0.0.1",
            },
            "times": {
                "created_time": "1795456197409611",
                "profile_created_time": "1795456197409611",
                "progress_time": "0",
                "progress_media_time": "1795456197429624",
                "answered_time": "1795456197429624",
                "bridged_time": "0",
                "last_hold_time": "0",
                "hold_accum_time": "0",
                "hangup_time": "1795456200969806",
                "resurrect_time": "0",
                "transfer_time": "0",
            },
        }
    ],
}
