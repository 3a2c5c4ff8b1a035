/* The stand-ins in one process: a switch, or telephones for a real one, and a Realtime server.

       stand_in [--fate answers|busy|rings] [--ring-ms N] [--frame-ms N] [--turn-ms N]
                [--interrupt-every N] [--cough-every N] [--telephones PORT]
                [--jitter-ms N] [--pace N]

   Prints its ports as JSON. Commands on standard input, one line each:
       reset            start counting anew
       report           print the counts as JSON
       open PORT N      open N audio streams to a bridge, without any signalling
       line N           what became of the last call of a line, in monotonic seconds
       press N KEYS     the telephone of a line presses keys
       hang_up N        it hangs up
       call N NUMBER PORT   it calls a number, by a switch on a port
   It ends with its standard input, and after MOST_SECONDS in any case. */
#define _GNU_SOURCE
#include "telephones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#define MOST_SECONDS 7200
#define SETS 6

line_state lines[MOST_LINES];
options option = {.ring_ms = 50, .fate = 'a', .frame_ms = 40, .turn_deltas = 60, .pace = 1};
counters count;
double first_originate, last_originate;

static double since, processor_since, started;

static samples *set_of(counters *of, int index)
{
    samples *all[SETS] = {&of->uplink, &of->downlink,   &of->pause,
                          &of->stop,   &of->first_word, &of->gap};
    return all[index];
}

static void report_sound(void)
{
    char delays[SETS][128];
    for (int i = 0; i < SETS; i++) samples_json(set_of(&count, i), delays[i], sizeof delays[i]);
    printf("\"packets\":%ld,\"voice_packets\":%ld,\"lost\":%ld,\"missing\":%ld,"
           "\"repeated\":%ld,\"shifted\":%ld,\"garbled\":%ld,\"foreign\":%ld,\"leaked\":%ld,"
           "\"caller_missing\":%ld,\"caller_repeated\":%ld,\"caller_altered\":%ld,"
           "\"late\":%ld,\"spoken_over\":%ld,\"holes\":%ld,\"hole_packets\":%ld,\"talking\":%d,\"uplink\":%s,"
           "\"downlink\":%s,\"pause\":%s,\"stop\":%s,\"first_word\":%s,\"gap\":%s}\n",
           count.packets, count.voice_packets, count.lost, count.missing, count.repeated,
           count.shifted, count.garbled, count.foreign, count.leaked,
           count.caller_missing, count.caller_repeated, count.caller_altered, count.late, count.spoken_over, count.holes,
           count.hole_packets, telephones_live(), delays[0], delays[1], delays[2], delays[3],
           delays[4], delays[5]);
}

static void reset(void)
{
    counters fresh = {0};
    for (int i = 0; i < SETS; i++) set_of(&fresh, i)->values = set_of(&count, i)->values;
    count = fresh;
    forget_silences();
    since = monotonic();
    processor_since = processor_seconds();
    worst_tick();
}

static void report(void)
{
    printf("{\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"worst_tick_ms\":%.2f,\"channels\":%d,"
           "\"sessions\":%d,\"originates\":%ld,\"originate_seconds\":%.4f,\"answered\":%ld,"
           "\"hangups\":%ld,\"commands\":%ld,\"events\":%ld,\"frames_sent\":%ld,"
           "\"played_bytes\":%ld,\"playbacks\":%ld,\"resumed_playbacks\":%ld,\"overlaps\":%ld,"
           "\"breaks\":%ld,\"pauses\":%ld,\"appends\":%ld,\"appended_ms\":%ld,\"deltas\":%ld,"
           "\"answers\":%ld,",
           monotonic() - since, processor_seconds() - processor_since, worst_tick() * 1e3,
           switch_live(), realtime_live(), count.originates, last_originate - first_originate,
           count.answered, count.hangups, count.commands, count.events, count.frames_sent,
           count.played_bytes, count.playbacks, count.resumed_playbacks, count.overlaps,
           count.breaks, count.pauses, count.appends, count.appended_ms, count.deltas,
           count.answers);
    report_sound();
    fflush(stdout);
}

static void obey(const char *command)
{
    int port, calls, line;
    char words[64];
    if (!strncmp(command, "reset", 5)) reset();
    if (!strncmp(command, "report", 6)) report();
    if (sscanf(command, "open %d %d", &port, &calls) == 2) open_streams(port, calls);
    if (sscanf(command, "line %d", &line) == 1) line_json(line);
    if (sscanf(command, "press %d %31s", &line, words) == 2) telephone_presses(line, words);
    if (sscanf(command, "hang_up %d", &line) == 1) telephone_hangs_up(line);
    if (sscanf(command, "call %d %63s %d", &line, words, &port) == 3)
        telephone_calls(line, words, port);
}

static size_t on_input(conn *c, char *data, size_t len)
{
    size_t used = 0;
    char *end;
    (void)c;
    while ((end = memchr(data + used, '\n', len - used))) {
        *end = 0;
        obey(data + used);
        used = end + 1 - data;
    }
    return used;
}

static void on_end_of_input(conn *c)
{
    (void)c;
    stop_loop();
}

static void tick(double now)
{
    if (now - started > MOST_SECONDS) stop_loop();
    switch_tick(now);
    realtime_tick(now);
    telephones_tick(now);
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--fate")) option.fate = *value;
        else if (!strcmp(name, "--ring-ms")) option.ring_ms = atoi(value);
        else if (!strcmp(name, "--frame-ms")) option.frame_ms = atoi(value);
        else if (!strcmp(name, "--turn-ms")) option.turn_deltas = atoi(value) / 100;
        else if (!strcmp(name, "--interrupt-every")) option.interrupt_every = atoi(value);
        else if (!strcmp(name, "--cough-every")) option.cough_every = atoi(value);
        else if (!strcmp(name, "--pace")) option.pace = atoi(value) > 0 ? atoi(value) : 1;
        else if (!strcmp(name, "--jitter-ms")) option.jitter_ms = atoi(value);
        else if (!strcmp(name, "--caller-sound")) option.caller_sound = value;
        else if (!strcmp(name, "--echo")) option.echo = atoi(value);
        else if (!strcmp(name, "--telephones")) option.telephones = atoi(value);
        else {
            fprintf(stderr, "unknown option %s\n", name);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    read_options(argc, argv);
    started = monotonic();
    int realtime = realtime_start();
    if (option.telephones)
        printf("{\"telephones_port\":%d,\"realtime_port\":%d}\n",
               telephones_start(option.telephones), realtime);
    else
        printf("{\"esl_port\":%d,\"realtime_port\":%d}\n", event_socket_start(), realtime);
    fflush(stdout);
    conn *input = watch(0);
    input->on_bytes = on_input;
    input->on_closed = on_end_of_input;
    reset();
    run_loop(tick);
    return 0;
}
