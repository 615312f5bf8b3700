/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>
#include <sys/resource.h>

#include <glib/gi18n.h>

#include "cli/bench/wherry-bench.h"

/* How often a sender looks whether it is behind. */
#define TICK_MS 1u
/* As much as may wait in a channel, so that the times are the relay's and not those of a queue. */
#define BUFFERED_MAX (256u * 1024u)
/* At once, so that receivers have their turn. */
#define BURST_MAX 256u
/* What has not come so long after the last that came is lost. */
#define SILENCE_US (5 * G_USEC_PER_SEC)

typedef struct
{
  guint32 sender;
  guint32 run; /* so that what is of another run is not counted */
  guint64 number;
  gint64 sent_us;
} Head;

typedef struct
{
  WherryInvocation *invocation;
  const WherryBenchPlan *plan;
  WherryBenchResult *result;
  GPtrArray *members;
  guint n_senders;
  guint n_members;
  guint32 run;
  guint64 *sent;   /* of each sender */
  guint64 *newest; /* number, of each sender at each member */
  gint64 begun_us;
  gint64 last_us; /* received */
  gboolean is_sending;
  GError *error;
} Run;

const char *
wherry_bench_kind_name (WherryBenchKind kind)
{
  static const char *const names[] = { "throughput", "latency", "fan-out", "all-to-all", "joins" };

  return names[kind];
}

double
wherry_bench_per_second (const WherryBenchResult *self, guint64 n)
{
  return self->elapsed_us > 0 ? (double) n * G_USEC_PER_SEC / (double) self->elapsed_us : 0;
}

static gint64
get_cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * (gint64) G_USEC_PER_SEC
         + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* ---- receiving ---- */

static void
on_heard (gpointer data, guint member, GBytes *bytes)
{
  Run *self = data;
  WherryBenchResult *result = self->result;
  gsize n;
  gconstpointer payload = g_bytes_get_data (bytes, &n);
  guint64 *newest;
  Head head;

  /* the room may have somebody else in it */
  if (n != self->plan->size)
    return;
  memcpy (&head, payload, sizeof head);
  if (head.run != self->run || head.sender >= self->n_senders || head.sender == member)
    return;
  newest = &self->newest[member * self->n_senders + head.sender];
  if (head.number <= *newest)
    {
      result->repeated++;
      return;
    }
  *newest = head.number;
  self->last_us = g_get_monotonic_time ();
  result->received++;
  result->bytes += n;
  wherry_bench_histogram_add (&result->times, self->last_us - head.sent_us);
}

/* ---- sending ---- */

static gboolean
send_one (Run *self, guint sender)
{
  WherryBenchMember *member = g_ptr_array_index (self->members, sender);
  guint8 *payload = g_malloc0 (self->plan->size);
  g_autoptr (GBytes) bytes = g_bytes_new_take (payload, self->plan->size);
  Head head = { .sender = sender,
                .run = self->run,
                .number = self->sent[sender] + 1,
                .sent_us = g_get_monotonic_time () };

  memcpy (payload, &head, sizeof head);
  if (!wherry_data_channel_send_bytes (member->channel, bytes, &self->error))
    return FALSE;
  self->sent[sender]++;
  self->result->sent++;
  return TRUE;
}

static guint64
due (Run *self)
{
  gint64 elapsed = g_get_monotonic_time () - self->begun_us;

  return (guint64) elapsed * self->plan->rate / G_USEC_PER_SEC + 1;
}

static void
send_some (Run *self, guint sender)
{
  WherryBenchMember *member = g_ptr_array_index (self->members, sender);

  for (guint i = 0; i < BURST_MAX && self->error == NULL; i++)
    {
      if (wherry_data_channel_get_buffered_amount (member->channel) > BUFFERED_MAX
          || (self->plan->rate > 0 && self->sent[sender] >= due (self)))
        return;
      send_one (self, sender);
    }
}

static gboolean
on_tick (gpointer data)
{
  Run *self = data;

  if (g_get_monotonic_time () - self->begun_us >= (gint64) self->plan->duration_ms * 1000
      || self->error != NULL)
    {
      self->is_sending = FALSE;
      return G_SOURCE_REMOVE;
    }
  for (guint i = 0; i < self->n_senders; i++)
    send_some (self, i);
  return G_SOURCE_CONTINUE;
}

static gboolean
is_over (gpointer data)
{
  Run *self = data;
  gint64 since = MAX (self->last_us, self->begun_us + (gint64) self->plan->duration_ms * 1000);

  if (self->is_sending)
    return FALSE;
  return self->error != NULL || self->result->received >= self->result->sent * self->plan->receivers
         || g_get_monotonic_time () - since > SILENCE_US;
}

static void
pass_messages (Run *self)
{
  guint tick = g_timeout_add (TICK_MS, on_tick, self);
  gint64 cpu_us = get_cpu_us ();

  self->begun_us = g_get_monotonic_time ();
  self->is_sending = TRUE;
  wherry_await_until (is_over, self, self->invocation->cancellable, G_MAXINT);
  if (self->is_sending)
    g_source_remove (tick);
  self->result->cpu_us = get_cpu_us () - cpu_us;
  self->result->elapsed_us = MAX (self->last_us, self->begun_us + 1) - self->begun_us;
  self->result->expected = self->result->sent * self->plan->receivers;
}

static void
run_clear (Run *self)
{
  g_free (self->sent);
  g_free (self->newest);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
run_messages (WherryInvocation *invocation, const char *room, const WherryBenchPlan *plan,
              WherryBenchResult *result, GError **error)
{
  g_auto (Run) self = { .invocation = invocation, .plan = plan, .result = result };

  self.run = g_random_int ();
  self.n_members = plan->receivers + 1;
  self.n_senders = plan->kind == WHERRY_BENCH_ALL_TO_ALL ? self.n_members : 1;
  self.sent = g_new0 (guint64, self.n_senders);
  self.newest = g_new0 (guint64, (gsize) self.n_members * self.n_senders);
  result->senders = self.n_senders;
  self.members
      = wherry_bench_members_join (invocation, room, self.n_members, on_heard, &self, NULL, error);
  if (self.members == NULL)
    return FALSE;
  pass_messages (&self);
  wherry_bench_members_leave (self.members);
  if (g_cancellable_set_error_if_cancelled (invocation->cancellable, error))
    return FALSE;
  if (self.error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self.error));
      return FALSE;
    }
  return TRUE;
}

static gboolean
run_joins (WherryInvocation *invocation, const char *room, const WherryBenchPlan *plan,
           WherryBenchResult *result, GError **error)
{
  gint64 cpu_us = get_cpu_us ();
  gint64 begun_us = g_get_monotonic_time ();
  GPtrArray *members = wherry_bench_members_join (invocation, room, plan->receivers, NULL, NULL,
                                                  &result->times, error);

  if (members == NULL)
    return FALSE;
  result->elapsed_us = g_get_monotonic_time () - begun_us;
  result->cpu_us = get_cpu_us () - cpu_us;
  result->expected = plan->receivers;
  result->received = result->times.n;
  wherry_bench_members_leave (members);
  return TRUE;
}

gboolean
wherry_bench_run (WherryInvocation *invocation, const char *room, const WherryBenchPlan *plan,
                  WherryBenchResult *result, GError **error)
{
  *result = (WherryBenchResult){ .plan = *plan };
  g_assert (plan->kind == WHERRY_BENCH_JOINS || plan->size >= sizeof (Head));
  return plan->kind == WHERRY_BENCH_JOINS ? run_joins (invocation, room, plan, result, error)
                                          : run_messages (invocation, room, plan, result, error);
}
