/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of `wherry bench` share: runs, each with members of its own at the server. All of
 * it belongs to the main thread. */

#include "cli/wherry-await.h"
#include "cli/bench/wherry-bench-histogram.h"
#include "cli/wherry-invocation.h"
#include "lib/wherry.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_BENCH_THROUGHPUT, /* one sends as fast as it can to one */
  WHERRY_BENCH_LATENCY,    /* one sends to one, now and then */
  WHERRY_BENCH_FAN_OUT,    /* one sends to many */
  WHERRY_BENCH_ALL_TO_ALL, /* each sends to all the others */
  WHERRY_BENCH_JOINS,      /* members join and leave */
  WHERRY_BENCH_N_KINDS,
} WherryBenchKind;

typedef struct
{
  WherryBenchKind kind;
  guint size;      /* bytes of a message */
  guint receivers; /* of each message; the members of joins */
  guint rate;      /* messages a second of each sender; 0: as fast as it can */
  guint duration_ms;
} WherryBenchPlan;

typedef struct
{
  WherryBenchPlan plan;
  guint senders;
  guint64 sent;
  guint64 expected;           /* sent x receivers; of joins: how many were to join */
  guint64 received;           /* each once */
  guint64 repeated;           /* or older than the one before from that sender */
  guint64 bytes;              /* received */
  gint64 elapsed_us;          /* from the first sent to the last received */
  gint64 cpu_us;              /* of this process, for both ends of all members */
  WherryBenchHistogram times; /* of messages, or of joins */
} WherryBenchResult;

const char *wherry_bench_kind_name (WherryBenchKind kind);
double wherry_bench_per_second (const WherryBenchResult *self, guint64 n);

/* Runs one. room: its name. FALSE: sets error. Thread: main */
gboolean wherry_bench_run (WherryInvocation *invocation, const char *room,
                           const WherryBenchPlan *plan, WherryBenchResult *result, GError **error);

/* ---- members ---- */

typedef struct _WherryBenchMember WherryBenchMember;
typedef void (*WherryBenchHear) (gpointer user_data, guint member, GBytes *bytes);

struct _WherryBenchMember
{
  WherryClient *client;
  WherryDataChannel *channel; /* NULL: of joins */
  WherryBenchHear hear;
  gpointer user_data;
  guint index;
  gint64 begun_us;
  gint64 joined_us; /* 0: not yet */
  gboolean is_settled;
  gboolean has_left;
  GError *error;
};

/* (transfer full) (nullable): n members in the room, joined some at a time. hear: (nullable): they
 * speak and listen on one topic, and all of them can. times: (nullable) */
GPtrArray *wherry_bench_members_join (WherryInvocation *invocation, const char *room, guint n,
                                      WherryBenchHear hear, gpointer user_data,
                                      WherryBenchHistogram *times, GError **error);
/* (transfer full): all of them leave. */
void wherry_bench_members_leave (GPtrArray *members);

/* ---- telling ---- */

void wherry_bench_print_head (void);
void wherry_bench_print_row (const WherryBenchResult *result);
void wherry_bench_print_json (const WherryBenchResult *result);
/* (transfer full): results: of WherryBenchResult. title: any text */
char *wherry_bench_plot (GPtrArray *results, const char *title);

G_END_DECLS
