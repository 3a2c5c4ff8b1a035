/* The stand-ins in one process: a switch and a Realtime server.

       stand_in [--fate answers|busy|rings] [--ring-ms N] [--frame-ms N] [--turn-ms N]
                [--interrupt-every N]

   Prints its ports as JSON. Commands on standard input, one line each:
       reset            start counting anew
       report           print the counts as JSON
       open PORT N      open N audio streams to a bridge, without any signalling
   It ends with its standard input, and after MOST_SECONDS in any case. */
#define _GNU_SOURCE
#include "stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>

#define MOST_SECONDS 7200

line_state lines[MOST_LINES];
options option = {.ring_ms = 50, .fate = 'a', .frame_ms = 40, .turn_deltas = 60};
counters count;
double first_originate, last_originate;

static double since, processor_since, started;

static void reset(void)
{
    samples kept[] = {count.uplink, count.downlink, count.pause, count.stop};
    memset(&count, 0, sizeof count);
    count.uplink = kept[0], count.downlink = kept[1], count.pause = kept[2], count.stop = kept[3];
    count.uplink.count = count.downlink.count = count.pause.count = count.stop.count = 0;
    since = monotonic();
    processor_since = processor_seconds();
    worst_tick();
}

static void report(void)
{
    char delays[4][128];
    samples *sets[] = {&count.uplink, &count.downlink, &count.pause, &count.stop};
    for (int i = 0; i < 4; i++) samples_json(sets[i], delays[i], sizeof delays[i]);
    printf("{\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"worst_tick_ms\":%.2f,\"channels\":%d,"
           "\"sessions\":%d,\"originates\":%ld,\"originate_seconds\":%.4f,\"answered\":%ld,"
           "\"hangups\":%ld,\"commands\":%ld,\"events\":%ld,\"frames_sent\":%ld,"
           "\"played_bytes\":%ld,\"playbacks\":%ld,\"resumed_playbacks\":%ld,\"overlaps\":%ld,"
           "\"breaks\":%ld,\"pauses\":%ld,\"appends\":%ld,\"appended_ms\":%ld,\"deltas\":%ld,"
           "\"answers\":%ld,\"uplink\":%s,\"downlink\":%s,\"pause\":%s,\"stop\":%s}\n",
           monotonic() - since, processor_seconds() - processor_since, worst_tick() * 1e3,
           switch_live(), realtime_live(), count.originates, last_originate - first_originate,
           count.answered, count.hangups, count.commands, count.events, count.frames_sent,
           count.played_bytes, count.playbacks, count.resumed_playbacks, count.overlaps,
           count.breaks, count.pauses, count.appends, count.appended_ms, count.deltas,
           count.answers, delays[0], delays[1], delays[2], delays[3]);
    fflush(stdout);
}

static void obey(const char *line)
{
    int port, calls;
    if (!strncmp(line, "reset", 5)) reset();
    if (!strncmp(line, "report", 6)) report();
    if (sscanf(line, "open %d %d", &port, &calls) == 2) open_streams(port, calls);
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
    int esl = event_socket_start(), realtime = realtime_start();
    printf("{\"esl_port\":%d,\"realtime_port\":%d}\n", esl, realtime);
    fflush(stdout);
    conn *input = watch(0);
    input->on_bytes = on_input;
    input->on_closed = on_end_of_input;
    reset();
    run_loop(tick);
    return 0;
}
