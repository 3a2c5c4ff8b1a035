"""PROCESS: telephony. Claims calls, drives FreeSWITCH, runs the bridges."""
