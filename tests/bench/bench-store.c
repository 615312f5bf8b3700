/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-bench"

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/wherry-lock.h"
#include "relay/wherry-store.h"

#include <glib/gstdio.h>

/* What the disk takes: messages of a topic that keeps 10000, as fast as it takes them, and one at a
 * time; from the append to what committed() tells.
 *
 *   bench-store [--quick] [DIRECTORY]
 */

#define KEPT 10000u

typedef struct
{
  WherryStore *store;
  WherryStoreTopic *topic;
  /* of each message; written before it is appended, read once it is committed */
  gint64 *appended_us;
  gint64 *took_us;
  WherryLock lock;
  GCond cond;
  guint64 n_committed;
  gboolean rung;
} Bench;

static void
ring (gpointer data)
{
  Bench *self = data;

  wherry_lock_acquire (&self->lock);
  self->rung = TRUE;
  g_cond_signal (&self->cond);
  wherry_lock_release (&self->lock);
}

static void
on_committed (gpointer data, WherryMessage *message)
{
  Bench *self = data;
  guint64 sequence = wherry_message_get_stamp (message)->sequence;

  self->took_us[sequence - 1] = g_get_monotonic_time () - self->appended_us[sequence - 1];
  if (sequence > KEPT && sequence % 16 == 0)
    wherry_store_topic_trim (self->topic, sequence - KEPT);
  wherry_lock_acquire (&self->lock);
  self->n_committed = sequence;
  g_cond_signal (&self->cond);
  wherry_lock_release (&self->lock);
}

static void
on_failed (gpointer data, WherryMessage *message, const GError *error)
{
  g_error ("%s", error->message);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 difference = *(const gint64 *) a - *(const gint64 *) b;

  return (difference > 0) - (difference < 0);
}

static gint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

static void
clean (const char *dir)
{
  static const char *const names[] = { "wherry.db", "wherry.db-wal", "wherry.lock" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (dir, names[i], NULL);

      g_unlink (path);
    }
}

static void
publish (Bench *self, gsize length, guint64 n, gboolean one_by_one)
{
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  g_autoptr (WherryGate) gate = wherry_gate_new (waker);
  g_autofree guint8 *data = g_malloc0 (length);

  wherry_waker_set (waker, ring, self);
  for (guint64 i = 1; i <= n; i++)
    {
      WherryStamp stamp = { .sequence = i, .sender = 1, .own = i };
      g_autoptr (WherryMessage) plain
          = wherry_message_new (WHERRY_MESSAGE_BINARY, data, length, NULL);
      g_autoptr (WherryMessage) message
          = wherry_message_new_stamped (plain, 0, WHERRY_MESSAGE_BINARY, &stamp);

      self->appended_us[i - 1] = g_get_monotonic_time ();
      wherry_store_topic_append (self->topic, message, gate);
      wherry_lock_acquire (&self->lock);
      while ((wherry_gate_is_shut (gate) && !self->rung)
             || ((one_by_one || i == n) && self->n_committed < i))
        wherry_lock_wait (&self->lock, &self->cond);
      self->rung = FALSE;
      wherry_lock_release (&self->lock);
    }
  wherry_waker_set (waker, NULL, NULL);
}

static void
run (const char *dir, gboolean full_sync, gsize length, guint64 n, gboolean one_by_one)
{
  static const WherryStoreTopicFuncs funcs = { on_committed, on_failed };
  Bench self = { 0 };
  WherryStoreOptions options;
  WherryStoreStats stats;
  g_autoptr (GError) error = NULL;
  gint64 began_us, took_us, used_us;

  wherry_store_options_init (&options);
  options.full_sync = full_sync;
  clean (dir);
  self.store = wherry_store_open (dir, NULL, &options, &error);
  if (self.store == NULL || !wherry_store_load (self.store, NULL, NULL, &error))
    g_error ("%s", error->message);
  wherry_lock_init (&self.lock);
  g_cond_init (&self.cond);
  self.appended_us = g_new0 (gint64, n);
  self.took_us = g_new0 (gint64, n);
  self.topic = wherry_store_topic_new (self.store, "room", "topic", &funcs, &self, NULL);

  began_us = g_get_monotonic_time ();
  used_us = cpu_us ();
  publish (&self, length, n, one_by_one);
  took_us = g_get_monotonic_time () - began_us;
  used_us = cpu_us () - used_us;
  wherry_store_get_stats (self.store, &stats);
  wherry_store_close (self.store);
  qsort (self.took_us, n, sizeof *self.took_us, compare);
  g_print ("%-6s %-10s %6zu %9.0f %8.1f %9.1f %9.2f %9.2f %9.2f %7.1f\n",
           full_sync ? "full" : "normal", one_by_one ? "one by one" : "saturated", length,
           (double) n * G_USEC_PER_SEC / (double) took_us,
           (double) n * (double) length / (double) took_us,
           (double) stats.n_committed / (double) stats.n_commits,
           (double) self.took_us[n / 2] / 1000, (double) self.took_us[n - 1 - n / 100] / 1000,
           (double) self.took_us[n - 1] / 1000, (double) used_us / (double) n);

  wherry_store_topic_unref (self.topic);
  g_free (self.appended_us);
  g_free (self.took_us);
  g_cond_clear (&self.cond);
  wherry_lock_clear (&self.lock);
  clean (dir);
}

int
main (int argc, char **argv)
{
  static const gsize lengths[] = { 64, 1024, 16384 };
  gboolean quick = argc > 1 && g_str_equal (argv[1], "--quick");
  const char *above = argc > 1 + quick ? argv[1 + quick] : g_get_tmp_dir ();
  g_autofree char *dir = g_build_filename (above, "wherry-bench-XXXXXX", NULL);

  g_assert (g_mkdtemp (dir) != NULL);
  g_print ("%-6s %-10s %6s %9s %8s %9s %9s %9s %9s %7s\n", "sync", "how", "bytes", "/s", "MB/s",
           "batch", "median ms", "99 % ms", "max ms", "CPU us");
  for (guint full = 0; full < 2; full++)
    for (guint one = 0; one < 2; one++)
      for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        {
          guint64 n = one ? (full ? 1000 : 5000) : (lengths[i] > 10000 ? 20000 : 200000);

          run (dir, full, lengths[i], quick ? n / 100 : n, one);
        }
  g_rmdir (dir);
  return 0;
}
