/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

/* What two connections in one process cost, both ends together, by the public API: messages one way
 * as fast as they are taken, round trips, memory and set-up. CPU is user + system of the process.
 *
 *   bench-connections [--quick] [--own-threads] [--only pair|64|1024|16384|262144|round-trip]
 *
 * --own-threads: each end has a network thread to itself. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/connection-pair.h"

#define SIZES 4u
#define RUNS_MAX 9u

static guint runs = 5;
static gint64 window_us = 2 * G_USEC_PER_SEC;
static guint n_round_trips = 3000;
static guint n_idle = 40;
static gboolean own_threads;
static const char *only; /* (nullable): the one case that is measured */

typedef struct
{
  ConnectionPair *pair;
  WherryDataChannel *near;
  WherryDataChannel *far; /* (transfer none) of pair->b.channels */
} Link;

static gint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

static gsize
resident (void)
{
  g_autofree char *text = NULL;

  g_file_get_contents ("/proc/self/statm", &text, NULL, NULL);
  return g_ascii_strtoull (strchr (text, ' '), NULL, 10) * (gsize) sysconf (_SC_PAGESIZE);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const double *x = a;
  const double *y = b;

  return (*x > *y) - (*x < *y);
}

static double
median (double *values, guint n)
{
  qsort (values, n, sizeof *values, compare);
  return values[n / 2];
}

static void
wait_until (gboolean (*done) (gpointer data), gpointer data)
{
  while (!done (data))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
is_open (gpointer data)
{
  Link *self = data;

  return wherry_data_channel_get_ready_state (self->near) == WHERRY_DATA_CHANNEL_STATE_OPEN
         && self->pair->b.channels->len > 0;
}

static void
link_init (Link *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();

  wherry_configuration_set_own_thread (configuration, own_threads);
  self->pair = connection_pair_new (configuration);
  self->near = wherry_peer_connection_create_data_channel (self->pair->a.connection, "bench", NULL,
                                                           &error);
  g_assert_no_error (error);
  pair_negotiate (&self->pair->a);
  pair_wait_connected (self->pair);
  wait_until (is_open, self);
  self->far = g_ptr_array_index (self->pair->b.channels, 0);
}

static void
link_clear (Link *self)
{
  g_clear_object (&self->near);
  connection_pair_free (self->pair);
}

/* ---- one way ---- */

typedef struct
{
  WherryDataChannel *near;
  GBytes *payload;
  guint64 sent;
  guint64 received;
  gint64 end_us;
} Flood;

static void
flood (Flood *self)
{
  if (g_get_monotonic_time () >= self->end_us)
    return;
  while (wherry_data_channel_send_bytes (self->near, self->payload, NULL))
    self->sent++;
}

static void
on_flooded (WherryDataChannel *channel, GBytes *data, gboolean is_text, Flood *self)
{
  self->received++;
}

static gboolean
is_flood_over (gpointer data)
{
  Flood *self = data;

  return g_get_monotonic_time () >= self->end_us && self->received == self->sent;
}

/* us of CPU a message; rate: messages a second */
static double
measure_flood (gsize size, double *rate)
{
  Link link;
  Flood state = { 0 };
  g_autofree guint8 *bytes = g_malloc0 (size);
  gint64 begin_us, begin_cpu_us, took_us;

  link_init (&link);
  state.near = link.near;
  state.payload = g_bytes_new_take (g_steal_pointer (&bytes), size);
  wherry_data_channel_set_buffered_amount_low_threshold (link.near, 256 * 1024);
  g_signal_connect_swapped (link.near, "buffered-amount-low", G_CALLBACK (flood), &state);
  g_signal_connect (link.far, "message", G_CALLBACK (on_flooded), &state);

  begin_us = g_get_monotonic_time ();
  begin_cpu_us = cpu_us ();
  state.end_us = begin_us + window_us;
  flood (&state);
  wait_until (is_flood_over, &state);
  took_us = g_get_monotonic_time () - begin_us;
  *rate = (double) state.received * G_USEC_PER_SEC / (double) took_us;
  begin_cpu_us = cpu_us () - begin_cpu_us;

  g_signal_handlers_disconnect_by_data (link.near, &state);
  g_signal_handlers_disconnect_by_data (link.far, &state);
  link_clear (&link);
  g_bytes_unref (state.payload);
  return (double) begin_cpu_us / (double) state.received;
}

/* ---- round trips ---- */

typedef struct
{
  WherryDataChannel *near;
  GBytes *payload;
  double *took_us;
  guint n;
  gint64 begin_us;
} PingPong;

static void
ping (PingPong *self)
{
  self->begin_us = g_get_monotonic_time ();
  g_assert_true (wherry_data_channel_send_bytes (self->near, self->payload, NULL));
}

static void
on_ping (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  g_assert_true (wherry_data_channel_send_bytes (channel, data, NULL));
}

static void
on_pong (WherryDataChannel *channel, GBytes *data, gboolean is_text, PingPong *self)
{
  self->took_us[self->n++] = (double) (g_get_monotonic_time () - self->begin_us);
  if (self->n < n_round_trips)
    ping (self);
}

static gboolean
is_last_pong (gpointer data)
{
  PingPong *self = data;

  return self->n == n_round_trips;
}

static double
measure_round_trips (double *p99)
{
  Link link;
  PingPong state = { 0 };
  g_autofree double *took_us = g_new0 (double, n_round_trips);
  double middle;

  link_init (&link);
  state.near = link.near;
  state.took_us = took_us;
  state.payload
      = g_bytes_new_static ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
  g_signal_connect (link.far, "message", G_CALLBACK (on_ping), NULL);
  g_signal_connect (link.near, "message", G_CALLBACK (on_pong), &state);
  ping (&state);
  wait_until (is_last_pong, &state);
  middle = median (took_us, n_round_trips);
  *p99 = took_us[n_round_trips * 99 / 100];
  g_signal_handlers_disconnect_by_func (link.far, on_ping, NULL);
  g_signal_handlers_disconnect_by_data (link.near, &state);
  link_clear (&link);
  g_bytes_unref (state.payload);
  return middle;
}

/* ---- pairs that do nothing ---- */

/* KiB a pair; set_up_ms: CPU until both ends are open */
static double
measure_pairs (double *set_up_ms)
{
  g_autofree Link *links = g_new0 (Link, n_idle);
  gsize before;
  gint64 cpu;
  double kib;

  link_init (&links[0]); /* what the process makes once */
  link_clear (&links[0]);
  before = resident ();
  cpu = cpu_us ();
  for (guint i = 0; i < n_idle; i++)
    link_init (&links[i]);
  *set_up_ms = (double) (cpu_us () - cpu) / 1000 / n_idle;
  kib = (double) (resident () - before) / 1024 / n_idle;
  for (guint i = 0; i < n_idle; i++)
    link_clear (&links[i]);
  return kib;
}

static gboolean
is_wanted (const char *what)
{
  return only == NULL || strcmp (only, what) == 0;
}

static void
run_all (void)
{
  static const gsize sizes[SIZES] = { 64, 1024, 16384, 262144 };
  double cost[RUNS_MAX], rate[RUNS_MAX], other[RUNS_MAX];

  /* The first time, before the process has memory that it could use again. */
  for (guint i = 0; i < runs && is_wanted ("pair"); i++)
    cost[i] = measure_pairs (&other[i]);
  if (is_wanted ("pair"))
    printf ("a pair: %.0f KiB, set-up %.1f ms CPU\n", cost[0], median (other, runs));
  for (guint s = 0; s < SIZES; s++)
    {
      g_autofree char *name = g_strdup_printf ("%" G_GSIZE_FORMAT, sizes[s]);

      if (!is_wanted (name))
        continue;
      for (guint i = 0; i < runs; i++)
        cost[i] = measure_flood (sizes[s], &rate[i]);
      printf ("%6s B one way: %9.0f messages/s, %7.2f us CPU each, %5.1f s CPU/GB\n", name,
              median (rate, runs), median (cost, runs),
              median (cost, runs) * 1000 / (double) sizes[s]);
    }
  if (!is_wanted ("round-trip"))
    return;
  for (guint i = 0; i < runs; i++)
    cost[i] = measure_round_trips (&other[i]);
  printf ("    64 B round trip: median %.0f us, p99 %.0f us\n", median (cost, runs),
          median (other, runs));
}

int
main (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      if (strcmp (argv[i], "--quick") == 0)
        {
          runs = 1;
          window_us = G_USEC_PER_SEC / 10;
          n_round_trips = 100;
          n_idle = 3;
        }
      else if (strcmp (argv[i], "--own-threads") == 0)
        own_threads = TRUE;
      else if (strcmp (argv[i], "--only") == 0 && i + 1 < argc)
        only = argv[++i];
      else
        {
          fprintf (stderr, "bench-connections [--quick] [--own-threads] [--only CASE]\n");
          return 2;
        }
    }
  run_all ();
  return 0;
}
