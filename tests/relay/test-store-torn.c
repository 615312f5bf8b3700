/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "relay/store-fixture.h"

/* The machine ends while the log is being written: its tail is missing, or is not what was written.
 * What is found is the store as it was after one of its transactions, and not another one. */

#define N_TOPICS 3u
#define N_STEPS 60u
#define N_ROUNDS 100u

/* Of each topic, after each step. */
typedef struct
{
  guint64 last[N_STEPS + 1][N_TOPICS];
  guint64 first[N_STEPS + 1][N_TOPICS];
} History;

typedef struct
{
  guint topic;
  guint64 first[N_TOPICS];
  guint64 last[N_TOPICS];
  guint64 next[N_TOPICS];
} Found;

static gboolean
find_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  Found *found = data;

  found->topic = (guint) (label[0] - 'a');
  found->next[found->topic] = next;
  return TRUE;
}

static void
find_message (WherryMessage *message, gpointer data)
{
  Found *found = data;
  guint topic = found->topic;
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  g_autoptr (GBytes) bytes = wherry_message_get_bytes (message);
  g_autoptr (GBytes) payload = store_payload (0, stamp->sequence, g_bytes_get_size (bytes));

  if (found->first[topic] == 0)
    found->first[topic] = stamp->sequence;
  else
    g_assert_cmpuint (stamp->sequence, ==, found->last[topic] + 1);
  found->last[topic] = stamp->sequence;
  g_assert_true (g_bytes_equal (payload, bytes));
}

static void
copy (const char *from, const char *to, const char *name, gssize length)
{
  g_autofree char *source = g_build_filename (from, name, NULL);
  g_autofree char *target = g_build_filename (to, name, NULL);
  g_autofree char *content = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (source, &content, &size, NULL));
  if (length >= 0 && g_test_rand_bit ())
    {
      /* the space is there, what was to be written is not */
      gsize from_here = (gsize) length % (size + 1);

      memset (content + from_here, g_test_rand_bit () ? 0 : 0xa5, size - from_here);
    }
  else if (length >= 0)
    {
      size = (gsize) length % (size + 1);
    }
  g_assert_true (g_file_set_contents (target, content, (gssize) size, NULL));
}

static void
check (StoreFixture *torn, const History *history, guint *n_whole)
{
  static const WherryStoreVisitor visitor = { .topic = find_topic, .message = find_message };
  Found found = { 0 };
  guint step;

  store_fixture_open (torn, &visitor, &found);
  store_fixture_close (torn);
  for (guint i = 0; i < N_TOPICS; i++)
    g_assert_cmpuint (found.next[i], ==, found.last[i] > 0 ? found.last[i] + 1 : 0);
  for (step = 0; step <= N_STEPS; step++)
    if (memcmp (history->last[step], found.last, sizeof found.last) == 0
        && memcmp (history->first[step], found.first, sizeof found.first) == 0)
      break;
  g_assert_cmpuint (step, <=, N_STEPS);
  if (step == N_STEPS)
    (*n_whole)++;
}

static void
test_torn (StoreFixture *self, gconstpointer data)
{
  StoreLog logs[N_TOPICS];
  History *history = g_new0 (History, 1);
  guint n_whole = 0;

  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < N_TOPICS; i++)
    store_log_open (&logs[i], self->store, "r", (const char *[]){ "a", "b", "c" }[i]);
  for (guint step = 1; step <= N_STEPS; step++)
    {
      memcpy (history->first[step], history->first[step - 1], sizeof history->first[step]);
      for (guint i = 0; i < 20; i++)
        store_log_append (&logs[g_test_rand_int_range (0, N_TOPICS)], self,
                          (gsize) g_test_rand_int_range (0, i == 0 ? 20000 : 500));
      for (guint i = 0; i < N_TOPICS; i++)
        {
          history->last[step][i] = logs[i].next - 1;
          if (logs[i].next > 50)
            {
              wherry_store_topic_trim (logs[i].topic, logs[i].next - 50);
              history->first[step][i] = logs[i].next - 50;
            }
          else if (logs[i].next > 1)
            {
              history->first[step][i] = 1;
            }
        }
      g_assert_true (wherry_store_step (self->store));
    }

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      StoreFixture torn = { 0 };

      store_fixture_set_up (&torn, NULL);
      copy (self->dir, torn.dir, "wherry.db", -1);
      copy (self->dir, torn.dir, "wherry.db-wal", g_test_rand_int_range (0, G_MAXINT));
      check (&torn, history, &n_whole);
      store_fixture_tear_down (&torn, NULL);
    }
  g_assert_cmpuint (n_whole, <, N_ROUNDS / 2); /* or little was torn */
  store_fixture_close (self);
  for (guint i = 0; i < N_TOPICS; i++)
    store_log_clear (&logs[i]);
  g_free (history);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/relay/store-torn/torn", StoreFixture, NULL, store_fixture_set_up, test_torn,
              store_fixture_tear_down);
  return g_test_run ();
}
