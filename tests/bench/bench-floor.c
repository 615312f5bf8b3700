/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "floor-far.h"
#include "floor-relay.h"

/* What the bare parts cost on the relay's work: usrsctp, GnuTLS and UDP sockets, one message in and
 * N out, with nothing of Wherry's in the path. The far ends are another process, on another core,
 * or with --path memory have their turns in this one; their CPU is not counted.
 *
 *   bench-floor --size BYTES --receivers N --seconds S --path memory|loopback [--gso] [--bundle]
 *               [--batch N] [--ahead N] [--json]
 *
 * --gso: runs of packets go to the kernel in one piece (UDP_SEGMENT). --bundle: the messages of a
 * batch share packets. --batch 1: what a relay costs that takes them one by one. --ahead: with
 * few under way no message waits for its turn to be sent, and none shares a packet unasked. Exit
 * status 1: not everything arrived, in order and whole. */

#define WAIT_MS 10
/* Windows open and caches fill before anything is counted. */
#define WARM_UP_US (G_USEC_PER_SEC / 2)
#define LIMIT_US (20 * G_USEC_PER_SEC)

#define LOAD(field) __atomic_load_n (&(field), __ATOMIC_ACQUIRE)
#define STORE(field, value) __atomic_store_n (&(field), value, __ATOMIC_RELEASE)

static struct
{
  int size;
  int receivers;
  double seconds;
  char *path;
  gboolean gso;
  gboolean bundle;
  gboolean json;
  int batch;
  int ahead;
} options = { .size = 1024, .receivers = 10, .seconds = 2 };

static const GOptionEntry entries[]
    = { { "size", 0, 0, G_OPTION_ARG_INT, &options.size, "Bytes of a message", "BYTES" },
        { "receivers", 0, 0, G_OPTION_ARG_INT, &options.receivers, "Receivers", "N" },
        { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "How long to measure", "S" },
        { "path", 0, 0, G_OPTION_ARG_STRING, &options.path, "What packets go through",
          "memory|loopback" },
        { "gso", 0, 0, G_OPTION_ARG_NONE, &options.gso, "Send with UDP_SEGMENT", NULL },
        { "bundle", 0, 0, G_OPTION_ARG_NONE, &options.bundle, "Let messages share packets", NULL },
        { "batch", 0, 0, G_OPTION_ARG_INT, &options.batch, "Messages handed on in one go, at most",
          "N" },
        { "ahead", 0, 0, G_OPTION_ARG_INT, &options.ahead, "Messages under way, at most", "N" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print a line of JSON", NULL },
        G_OPTION_ENTRY_NULL };

typedef struct
{
  gboolean in_memory;
  FloorShared *shared;
  FloorSide near;
  FloorSide away;
  FloorRelay relay;
  FloorFar far; /* in memory */
  pid_t child;
  gint64 cpu_ns; /* of the relaying side, in memory */
  /* the result */
  double used_us;
  double took_us;
  guint64 delivered;
  guint64 packets_out;
  guint64 packets_in;
  gboolean complete;
} Bench;

static gint64
read_clock_ns (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* The nth that this process may use; none of its own if there is only one. */
static void
pin (guint nth)
{
  cpu_set_t allowed, one;
  guint seen = 0;

  if (sched_getaffinity (0, sizeof allowed, &allowed) != 0 || CPU_COUNT (&allowed) < 2)
    return;
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET (i, &allowed) && seen++ == nth)
      {
        CPU_ZERO (&one);
        CPU_SET (i, &one);
        sched_setaffinity (0, sizeof one, &one);
        return;
      }
}

/* ---- the two sides ---- */

static void
run_far (Bench *self)
{
  FloorFar far;

  floor_association_start_process ();
  floor_side_open (&self->away, TRUE);
  floor_far_init (&far, &self->away, self->shared, (gsize) options.size, options.bundle);
  far.ahead = (guint) options.ahead;
  while (!LOAD (self->shared->end))
    floor_far_turn (&far, WAIT_MS);
  floor_side_close (&self->away);
  floor_side_clear (&self->away);
  floor_far_clear (&far);
  floor_association_end_process ();
}

static void
start (Bench *self)
{
  guint n = (guint) options.receivers + 1;

  self->shared = mmap (NULL, sizeof *self->shared, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (self->shared == MAP_FAILED)
    g_error ("mmap: %s", g_strerror (errno));
  floor_side_init_pair (&self->near, &self->away, n, !self->in_memory, options.gso);
  /* usrsctp's state is one for each process, so before there is any */
  self->child = self->in_memory ? 0 : fork ();
  if (self->child < 0)
    g_error ("fork: %s", g_strerror (errno));
  if (self->child == 0 && !self->in_memory)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      pin (1);
      run_far (self);
      floor_side_clear (&self->near);
      g_free (options.path);
      exit (0);
    }
  pin (0);
  floor_association_start_process ();
  floor_side_open (&self->near, FALSE);
  floor_relay_init (&self->relay, &self->near, (gsize) options.size, (guint) options.batch,
                    options.bundle);
  if (!self->in_memory)
    return;
  floor_side_open (&self->away, TRUE);
  floor_far_init (&self->far, &self->away, self->shared, (gsize) options.size, options.bundle);
  self->far.ahead = (guint) options.ahead;
}

static void
end (Bench *self)
{
  int status = 0;

  STORE (self->shared->end, 1);
  /* it must not see our end of the associations close */
  if (!self->in_memory && (waitpid (self->child, &status, 0) < 0 || status != 0))
    self->complete = FALSE;
  floor_side_close (&self->near);
  floor_side_close (&self->away);
  floor_side_clear (&self->near);
  floor_side_clear (&self->away);
  floor_relay_clear (&self->relay);
  floor_far_clear (&self->far);
  floor_association_end_process ();
  munmap (self->shared, sizeof *self->shared);
}

/* ---- the measurement ---- */

static void
turn (Bench *self)
{
  if (self->in_memory)
    {
      floor_far_turn (&self->far, 0);
      self->cpu_ns -= read_clock_ns (CLOCK_THREAD_CPUTIME_ID);
    }
  floor_relay_turn (&self->relay, WAIT_MS);
  if (self->in_memory)
    self->cpu_ns += read_clock_ns (CLOCK_THREAD_CPUTIME_ID);
}

static gint64
read_cpu_ns (Bench *self)
{
  return self->in_memory ? self->cpu_ns : read_clock_ns (CLOCK_PROCESS_CPUTIME_ID);
}

static void
establish (Bench *self)
{
  gint64 end_us = g_get_monotonic_time () + LIMIT_US;

  while (!floor_side_establish (&self->near) || !LOAD (self->shared->ready))
    {
      if (g_get_monotonic_time () > end_us)
        g_error ("the associations were not established in time");
      if (self->in_memory)
        floor_far_turn (&self->far, 0);
      floor_side_poll (&self->near, WAIT_MS);
    }
  STORE (self->shared->go, 1);
}

static void
add_packets (Bench *self, int sign)
{
  for (guint i = 0; i < self->near.n; i++)
    {
      self->packets_out += (guint64) sign * self->near.paths[i].packets_out;
      self->packets_in += (guint64) sign * self->near.paths[i].packets_in;
    }
}

static void
measure (Bench *self)
{
  gint64 window_us = (gint64) (options.seconds * G_USEC_PER_SEC);
  gint64 start_us = g_get_monotonic_time () + MIN (WARM_UP_US, window_us);
  gint64 now_us;
  gint64 cpu_ns;
  guint64 before;

  while ((now_us = g_get_monotonic_time ()) < start_us)
    turn (self);
  start_us = now_us;
  cpu_ns = read_cpu_ns (self);
  before = LOAD (self->shared->delivered);
  add_packets (self, -1);
  /* on a busy machine nothing may have come in a short one */
  while ((now_us = g_get_monotonic_time ()) < start_us + window_us
         || (LOAD (self->shared->delivered) == before && now_us < start_us + LIMIT_US))
    turn (self);
  self->used_us = (double) (read_cpu_ns (self) - cpu_ns) / 1000;
  self->delivered = LOAD (self->shared->delivered) - before;
  add_packets (self, 1);
  self->took_us = (double) (now_us - start_us);
}

static gboolean
is_complete (Bench *self)
{
  if (!LOAD (self->shared->published))
    return FALSE;
  for (int i = 0; i < options.receivers; i++)
    if (LOAD (self->shared->received[i]) != LOAD (self->shared->sent))
      return FALSE;
  return TRUE;
}

static void
finish (Bench *self)
{
  gint64 end_us = g_get_monotonic_time () + LIMIT_US;

  STORE (self->shared->stop, 1);
  while (!(self->complete = is_complete (self)) && g_get_monotonic_time () < end_us)
    turn (self);
  if (LOAD (self->shared->damaged) != 0 || LOAD (self->shared->disorder) != 0)
    self->complete = FALSE;
}

/* ---- the program ---- */

static double
per_delivered (const Bench *self, double amount)
{
  return self->delivered > 0 ? amount / (double) self->delivered : 0;
}

static void
report (const Bench *self)
{
  double each_us = per_delivered (self, self->used_us);
  double out = per_delivered (self, (double) self->packets_out);
  double in = per_delivered (self, (double) self->packets_in);
  double rate = (double) self->delivered * G_USEC_PER_SEC / self->took_us;
  double share = self->used_us / self->took_us;

  if (options.json)
    g_print ("{\"size\": %d, \"receivers\": %d, \"path\": \"%s\", \"gso\": %s, \"bundle\": %s, "
             "\"seconds\": %.3f, \"delivered\": %" G_GUINT64_FORMAT ", "
             "\"cpu_us_per_delivered\": %.3f, \"delivered_per_s\": %.0f, \"cpu_share\": %.3f, "
             "\"packets_out_per_delivered\": %.3f, \"packets_in_per_delivered\": %.3f, "
             "\"complete\": %s}\n",
             options.size, options.receivers, options.path, options.gso ? "true" : "false",
             options.bundle ? "true" : "false", self->took_us / G_USEC_PER_SEC, self->delivered,
             each_us, rate, share, out, in, self->complete ? "true" : "false");
  else
    g_print ("%d B to %d by %s%s%s: %.2f us CPU each, %.0f delivered a second, %.0f %% busy, "
             "packets each: %.2f out, %.2f in%s\n",
             options.size, options.receivers, options.path, options.gso ? ", gso" : "",
             options.bundle ? ", bundle" : "", each_us, rate, share * 100, out, in,
             self->complete ? "" : ": INCOMPLETE");
}

static gboolean
parse (int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options.path == NULL)
    options.path = g_strdup ("loopback");
  if ((g_str_equal (options.path, "memory") || g_str_equal (options.path, "loopback"))
      && options.size >= (int) FLOOR_SIZE_MIN && options.size <= (int) FLOOR_SIZE_MAX / 2
      && options.receivers >= 1 && options.receivers <= (int) FLOOR_RECEIVERS_MAX
      && options.batch >= 0 && options.ahead >= 0 && options.seconds > 0)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "The path is memory or loopback, a size %u to %u, receivers 1 to %u, the seconds "
               "more than 0",
               FLOOR_SIZE_MIN, FLOOR_SIZE_MAX / 2, FLOOR_RECEIVERS_MAX);
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  Bench bench = { 0 };

  if (!parse (&argc, &argv, &error))
    {
      g_printerr ("bench-floor: %s\n", error->message);
      return 2;
    }
  /* two sockets for each receiver */
  if (getrlimit (RLIMIT_NOFILE, &files) == 0)
    {
      files.rlim_cur = files.rlim_max;
      setrlimit (RLIMIT_NOFILE, &files);
    }
  bench.in_memory = g_str_equal (options.path, "memory");
  start (&bench);
  establish (&bench);
  measure (&bench);
  finish (&bench);
  end (&bench);
  report (&bench);
  g_free (options.path);
  return bench.complete ? 0 : 1;
}
