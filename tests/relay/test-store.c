/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-virtual-clock.h"
#include "relay/store-fixture.h"
#include "relay/wherry-outbox-set.h"

/* The store without its thread: each batch is a step of the test's. */

/* ---- what goes in comes out ---- */

typedef struct
{
  const char *room;
  const char *label;
  WherryMessageKind kind;
  gsize length;
} Sample;

static const Sample samples[] = {
  { "room", "chat", WHERRY_MESSAGE_TEXT, 0 },
  { "room", "chat", WHERRY_MESSAGE_BINARY, 0 },
  { "room", "chat", WHERRY_MESSAGE_TEXT, 1 },
  { "room", "", WHERRY_MESSAGE_BINARY, 100 },
  { "room", "a/b c'\";--%_\n\t", WHERRY_MESSAGE_TEXT, 100 },
  { "r\303\244ume", "\360\237\232\242\342\200\256\xef\xbf\xbd", WHERRY_MESSAGE_BINARY, 5000 },
  { "r\303\244ume", "CHAT", WHERRY_MESSAGE_BINARY, WHERRY_MAX_MESSAGE_SIZE_DEFAULT },
  { "r\303\244ume", "chat", WHERRY_MESSAGE_TEXT, WHERRY_MAX_MESSAGE_SIZE_DEFAULT },
};

typedef struct
{
  char *room;
  char *label;
  guint64 n;
  gint64 time_us;
} Seen;

static gboolean
see_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  Seen *seen = data;

  g_free (seen->room);
  g_free (seen->label);
  seen->room = g_strdup (room);
  seen->label = g_strdup (label);
  return TRUE;
}

static GBytes *
sample_payload (guint i)
{
  if (samples[i].length == 1)
    return g_bytes_new_static ("\0", 1);
  return store_payload (i, 1, samples[i].length);
}

static void
see_message (WherryMessage *message, gpointer data)
{
  Seen *seen = data;
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  guint i = (guint) stamp->own - 1;
  g_autoptr (GBytes) payload = sample_payload (i);
  g_autoptr (GBytes) bytes = wherry_message_get_bytes (message);

  g_assert_cmpuint (i, <, G_N_ELEMENTS (samples));
  g_assert_true (g_bytes_equal (payload, bytes));
  g_assert_cmpint (wherry_message_get_kind (message), ==, samples[i].kind);
  g_assert_cmpstr (seen->room, ==, samples[i].room);
  g_assert_cmpstr (seen->label, ==, samples[i].label);
  g_assert_cmpuint (stamp->sequence, ==, 100 + i);
  g_assert_cmpuint (stamp->sender, ==, G_MAXUINT64 - i);
  g_assert_cmpuint (stamp->recipient, ==, 0);
  g_assert_cmpint (stamp->time_us, ==, seen->time_us + i);
  seen->n++;
}

static void
test_round_trip (StoreFixture *self, gconstpointer data)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  static const WherryStoreVisitor visitor = { .topic = see_topic, .message = see_message };
  StoreLog logs[G_N_ELEMENTS (samples)];
  Seen seen = { .time_us = 12345 };

  self->options.clock = clock;
  self->options.epoch_us = 1000000;
  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      WherryStamp stamp
          = { .sender = G_MAXUINT64 - i, .own = i + 1, .sequence = 100 + i, .time_us = 12345 + i };
      g_autoptr (GBytes) payload = sample_payload (i);
      g_autoptr (WherryMessage) message
          = store_message (samples[i].kind, payload, &stamp, self->budget);

      store_log_open (&logs[i], self->store, samples[i].room, samples[i].label);
      g_assert_cmpint (wherry_store_topic_append (logs[i].topic, message, NULL), ==,
                       WHERRY_PUSH_OK);
      store_fixture_run (self);
      g_assert_cmpuint (logs[i].committed->len, ==, 1);
      wherry_store_topic_close (logs[i].topic);
    }
  store_fixture_close (self);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    store_log_clear (&logs[i]);

  self->options.epoch_us -= 10; /* another process: its clock began elsewhere */
  seen.time_us += 10;
  store_fixture_open (self, &visitor, &seen);
  g_assert_cmpuint (seen.n, ==, G_N_ELEMENTS (samples));
  g_assert_cmpuint (wherry_store_get_last_member (self->store), ==, G_MAXUINT64);
  store_fixture_close (self);
  g_free (seen.room);
  g_free (seen.label);
}

static void
test_resume (StoreFixture *self, gconstpointer data)
{
  guint8 hash[WHERRY_STORE_HASH_BYTES] = { [0] = 0xab, [31] = 0xcd };
  g_autoptr (GBytes) blob = g_bytes_new_static ("{}", 3);
  WherryStoreResume record
      = { .room = "room", .member = 5, .hash = hash, .until_us = 99, .blob = blob };
  StoreLog log;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "room", "chat");
  g_assert_true (wherry_store_put_resume (self->store, &record, NULL, NULL));
  record.until_us = 100;
  g_assert_true (wherry_store_put_resume (self->store, &record, NULL, NULL));
  record.member = 6;
  g_assert_true (wherry_store_put_resume (self->store, &record, NULL, NULL));
  for (guint i = 1; i <= 6; i++)
    {
      /* the third is for 6 alone, and so is its number; 9 cannot come back */
      WherryStamp stamp = { .sender = i % 2 == 0 ? 5 : 9,
                            .own = 10 + i,
                            .accepted = 10 + i,
                            .recipient = i == 3 ? 6 : 0,
                            .sequence = i == 3 ? 70 : i - (i > 3 ? 1 : 0) };
      g_autoptr (GBytes) payload = store_payload (0, i, i);
      g_autoptr (WherryMessage) message
          = store_message (WHERRY_MESSAGE_TEXT, payload, &stamp, self->budget);

      wherry_store_topic_append (log.topic, message, NULL);
    }
  g_assert_cmpuint (wherry_store_topic_get_next (log.topic), ==, 6);
  store_fixture_close (self);
  store_log_clear (&log);

  first = store_fixture_load (self);
  g_assert_cmpstr (first, ==,
                   "resume room 5 abcd 100 {}\nresume room 6 abcd 100 {}\ntopic room chat 6\n"
                   "text 1 to 0 from 9 own 11 1 bytes\ntext 2 to 0 from 5 own 12 2 bytes\n"
                   "text 3 to 0 from 5 own 14 4 bytes\ntext 4 to 0 from 9 own 15 5 bytes\n"
                   "text 5 to 0 from 5 own 16 6 bytes\ntext 70 to 6 from 9 own 13 3 bytes\n"
                   "accepted 5 16\ndirect 6 71\n");
  g_assert_cmpuint (wherry_store_get_last_member (self->store), ==, 9);
  wherry_store_delete_resume (self->store, "room", 6);
  wherry_store_delete_resume (self->store, "other", 5);
  store_fixture_close (self);

  second = store_fixture_load (self);
  g_assert_cmpstr (second, ==,
                   "resume room 5 abcd 100 {}\ntopic room chat 6\n"
                   "text 1 to 0 from 9 own 11 1 bytes\ntext 2 to 0 from 5 own 12 2 bytes\n"
                   "text 3 to 0 from 5 own 14 4 bytes\ntext 4 to 0 from 9 own 15 5 bytes\n"
                   "text 5 to 0 from 5 own 16 6 bytes\naccepted 5 16\n");
  store_log_open (&log, self->store, "room", "chat");
  wherry_store_topic_forget (log.topic, 5);
  store_fixture_close (self);
  store_log_clear (&log);
  g_free (g_steal_pointer (&third));
  third = store_fixture_load (self);
  g_assert_null (strstr (third, "accepted"));
  g_free (g_steal_pointer (&third));
  wherry_store_drop_room (self->store, "room");
  store_fixture_close (self);
  third = store_fixture_load (self);
  g_assert_cmpstr (third, ==, "");
  store_fixture_close (self);
}

/* ---- order, batches, deletions ---- */

static void
test_batches (StoreFixture *self, gconstpointer data)
{
  StoreLog logs[2];
  WherryStoreStats stats;
  guint n = WHERRY_STORE_BATCH_MESSAGES * 3;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&logs[0], self->store, "r", "a");
  store_log_open (&logs[1], self->store, "r", "b");
  for (guint i = 0; i < n; i++)
    store_log_append (&logs[i % 2], self, i % 50);
  g_assert_true (wherry_store_step (self->store));
  g_assert_cmpuint (logs[0].committed->len + logs[1].committed->len, ==,
                    WHERRY_STORE_BATCH_MESSAGES);
  store_fixture_run (self);
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.n_commits, ==, 3);
  g_assert_cmpuint (stats.n_committed, ==, n);
  g_assert_cmpuint (stats.n_kept, ==, n);
  g_assert_cmpuint (stats.waiting_bytes, ==, 0);
  g_assert_cmpuint (stats.file_bytes, >, stats.kept_bytes - n * WHERRY_STORE_ROW_BYTES);
  for (guint i = 0; i < 2; i++)
    assert_sequences (logs[i].committed, 1, n / 2);

  /* bytes bound a batch too */
  for (guint i = 0; i < 16; i++)
    store_log_append (&logs[0], self, WHERRY_STORE_BATCH_BYTES / 4);
  for (guint i = 1; i <= 4; i++)
    {
      g_assert_true (wherry_store_step (self->store));
      g_assert_cmpuint (logs[0].committed->len, ==, n / 2 + 4 * i);
    }
  store_fixture_close (self);
  store_log_clear (&logs[0]);
  store_log_clear (&logs[1]);
}

/* Where subscribers are slow no more is taken, and where the store holds too much publishers wait.
 */
static void
test_gates (StoreFixture *self, gconstpointer data)
{
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  g_autoptr (WherryGate) gate = wherry_gate_new (waker);
  g_autoptr (WherryOutboxSet) set = NULL;
  g_autoptr (WherryOutbox) subscriber = NULL;
  WherryOutboxLimits limits = { .outbox_high = 100, .block_window_us = 1 };
  g_autoptr (GBytes) payload = store_payload (0, 1, 1000);
  g_autoptr (WherryMessage) message = wherry_message_new_bytes (WHERRY_MESSAGE_TEXT, payload, NULL);
  WherryOutboxTake take;
  StoreLog logs[2];
  guint n;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&logs[0], self->store, "r", "a");
  store_log_open (&logs[1], self->store, "r", "b");
  set = wherry_outbox_set_new (1, 10000, wherry_clock_system (), waker, NULL);
  subscriber = wherry_outbox_new (set, WHERRY_POLICY_BLOCK, &limits);
  wherry_outbox_activate (subscriber, NULL);
  wherry_outbox_push (subscriber, message, wherry_store_topic_get_gate (logs[0].topic));
  g_assert_true (wherry_gate_is_shut (wherry_store_topic_get_gate (logs[0].topic)));

  for (n = 0; !wherry_gate_is_shut (gate); n++)
    {
      WherryStamp stamp = { .sequence = logs[0].next++ };
      g_autoptr (WherryMessage) stamped
          = wherry_message_new_stamped (message, 0, WHERRY_MESSAGE_TEXT, &stamp);

      g_assert_cmpuint (n, <=, WHERRY_STORE_HIGH / 1000);
      wherry_store_topic_append (logs[0].topic, stamped, gate);
      store_log_append (&logs[1], self, 10);
    }
  store_fixture_run (self);
  g_assert_cmpuint (logs[0].committed->len, ==, 0);
  assert_sequences (logs[1].committed, 1, n);
  g_assert_true (wherry_gate_is_shut (gate));

  g_assert_true (wherry_outbox_set_take (set, &take));
  wherry_outbox_set_give_back (set, &take, TRUE);
  store_fixture_run (self);
  assert_sequences (logs[0].committed, 1, n);
  g_assert_false (wherry_gate_is_shut (gate));
  wherry_outbox_set_close (set);
  store_fixture_close (self);
  store_log_clear (&logs[0]);
  store_log_clear (&logs[1]);
}

/* One that is opened again while the one before is not written yet goes on behind it. */
static void
test_again (StoreFixture *self, gconstpointer data)
{
  StoreLog logs[3];

  store_fixture_open (self, NULL, NULL);
  for (guint i = 0; i < 3; i++)
    {
      store_log_open (&logs[i], self->store, "r", "a");
      store_log_append (&logs[i], self, 10);
      if (i < 2)
        wherry_store_topic_close (logs[i].topic);
    }
  store_fixture_run (self);
  for (guint i = 0; i < 3; i++)
    {
      assert_sequences (logs[i].committed, i + 1, i + 1);
      g_assert_cmpint (logs[i].n_destroyed, ==, i < 2);
    }
  store_fixture_close (self);
  for (guint i = 0; i < 3; i++)
    store_log_clear (&logs[i]);
}

/* What waits is committed when the store closes; not when it is abandoned. */
static void
test_close (StoreFixture *self, gconstpointer data)
{
  StoreLog log;
  g_autofree char *shown = NULL;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  store_log_append (&log, self, 1);
  store_log_append (&log, self, 2);
  wherry_store_topic_close (log.topic);
  store_fixture_close (self);
  assert_sequences (log.committed, 1, 2);
  store_log_clear (&log);

  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  g_assert_cmpuint (log.next, ==, 3);
  store_log_append (&log, self, 3);
  g_clear_pointer (&self->store, wherry_store_abandon);
  g_assert_cmpuint (log.committed->len + log.failed->len, ==, 0);
  store_log_clear (&log);

  shown = store_fixture_load (self);
  g_assert_cmpstr (shown, ==,
                   "topic r a 3\nbinary 1 to 0 from 7 own 0 1 bytes\n"
                   "binary 2 to 0 from 7 own 0 2 bytes\n");
  store_fixture_close (self);
}

static void
test_trim (StoreFixture *self, gconstpointer data)
{
  g_autoptr (WherryClock) clock = wherry_virtual_clock_new ();
  guint n = WHERRY_STORE_TRIM_MESSAGES * 3;
  WherryStoreStats stats;
  StoreLog log;
  g_autofree char *shown = NULL;

  self->options.clock = clock;
  store_fixture_open (self, NULL, NULL);
  store_log_open (&log, self->store, "r", "a");
  for (guint i = 0; i < n; i++)
    store_log_append (&log, self, 10);
  store_fixture_run (self);
  wherry_store_topic_trim (log.topic, n - 1);
  wherry_store_topic_trim (log.topic, 5); /* the higher one counts */
  /* alone they wait for something to go with */
  store_fixture_run (self);
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, n);
  wherry_virtual_clock_advance (clock, WHERRY_STORE_TRIM_DELAY_US);
  g_assert_true (wherry_store_step (self->store));
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, n - WHERRY_STORE_TRIM_MESSAGES);
  store_fixture_run (self);
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.n_kept, ==, 2);
  g_assert_cmpuint (stats.kept_bytes, ==, 2 * (10 + WHERRY_STORE_ROW_BYTES));
  g_assert_cmpuint (stats.n_trimmed, ==, n - 2);

  /* asked for before they were committed, and even before they were taken */
  for (guint i = 0; i < WHERRY_STORE_BATCH_MESSAGES + 1; i++)
    store_log_append (&log, self, 10);
  wherry_store_topic_trim (log.topic, log.next);
  store_fixture_close (self);
  assert_sequences (log.committed, 1, log.next - 1);
  store_log_clear (&log);
  shown = store_fixture_load (self);
  g_assert_cmpstr (shown, ==, "topic r a 4098\n");
  store_fixture_close (self);
}

static void
test_max_bytes (StoreFixture *self, gconstpointer data)
{
  WherryStoreStats stats;
  StoreLog logs[2];

  self->options.max_bytes = 1000000;
  store_fixture_open (self, NULL, NULL);
  store_log_open (&logs[0], self->store, "r", "a");
  store_log_open (&logs[1], self->store, "r", "b");
  for (guint i = 0; i < 3000; i++)
    {
      store_log_append (&logs[i % 2], self, 1000);
      if (i % 10 == 0)
        store_fixture_run (self);
    }
  store_fixture_run (self);
  wherry_store_get_stats (self->store, &stats);
  g_assert_cmpuint (stats.kept_bytes, <=, self->options.max_bytes);
  g_assert_cmpuint (stats.kept_bytes, >, self->options.max_bytes / 10 * 9);
  assert_sequences (logs[0].committed, 1, 1500);
  store_fixture_close (self);
  store_log_clear (&logs[0]);
  store_log_clear (&logs[1]);
}

/* A dropped topic's name is free at once, its messages go later, and the file gets smaller. */
static void
test_drop (StoreFixture *self, gconstpointer data)
{
  g_autofree char *shown = NULL;
  WherryStoreStats full, empty;
  StoreLog old, new;

  store_fixture_open (self, NULL, NULL);
  store_log_open (&old, self->store, "r", "a");
  for (guint i = 0; i < 6000; i++)
    store_log_append (&old, self, 2000);
  store_fixture_run (self);
  wherry_store_get_stats (self->store, &full);
  store_log_append (&old, self, 1); /* waits, and is not wanted any more */
  wherry_store_topic_drop (old.topic);
  store_log_open (&new, self->store, "r", "a");
  g_assert_cmpuint (new.next, ==, 1);
  store_log_append (&new, self, 3);
  g_assert_true (wherry_store_step (self->store));
  assert_sequences (new.committed, 1, 1);
  store_fixture_run (self);
  assert_sequences (old.committed, 1, 6000);
  store_log_clear (&old);
  wherry_store_get_stats (self->store, &empty);
  g_assert_cmpuint (empty.n_kept, ==, 1);
  store_fixture_close (self);
  store_log_clear (&new);

  shown = store_fixture_load (self);
  g_assert_cmpstr (shown, ==, "topic r a 2\nbinary 1 to 0 from 7 own 0 3 bytes\n");
  wherry_store_get_stats (self->store, &empty);
  g_assert_cmpuint (empty.file_bytes, <, full.file_bytes / 2);
  store_fixture_close (self);
}

/* What the visitor does not want is deleted. */
static gboolean
refuse_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  return g_str_equal (label, "b");
}

static void
test_unwanted (StoreFixture *self, gconstpointer data)
{
  static const WherryStoreVisitor visitor = { .topic = refuse_topic };
  g_autofree char *shown = NULL;
  StoreLog logs[2];

  store_fixture_open (self, NULL, NULL);
  store_log_open (&logs[0], self->store, "r", "a");
  store_log_open (&logs[1], self->store, "r", "b");
  store_log_append (&logs[0], self, 1);
  store_log_append (&logs[1], self, 2);
  store_fixture_close (self);
  store_log_clear (&logs[0]);
  store_log_clear (&logs[1]);

  store_fixture_open (self, &visitor, NULL);
  store_fixture_close (self);
  shown = store_fixture_load (self);
  g_assert_cmpstr (shown, ==, "topic r b 2\nbinary 1 to 0 from 7 own 0 2 bytes\n");
  store_fixture_close (self);
}

#define ADD(name, func)                                                                            \
  g_test_add ("/relay/store/" name, StoreFixture, NULL, store_fixture_set_up, func,                \
              store_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("round-trip", test_round_trip);
  ADD ("resume", test_resume);
  ADD ("batches", test_batches);
  ADD ("gates", test_gates);
  ADD ("again", test_again);
  ADD ("close", test_close);
  ADD ("trim", test_trim);
  ADD ("max-bytes", test_max_bytes);
  ADD ("drop", test_drop);
  ADD ("unwanted", test_unwanted);
  return g_test_run ();
}
