/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-virtual-clock.h"
#include "outbox-fixture.h"
#include "relay/wherry-outbox-stats.h"

/* What is counted for a member, by topic and policy. */

static const WherryOutboxStats *
at (GPtrArray *stats, guint i)
{
  g_assert_cmpuint (i, <, stats->len);
  return g_ptr_array_index (stats, i);
}

static void
test_by_label (OutboxFixture *self, gconstpointer data)
{
  static const char *const labels[WHERRY_N_POLICIES] = { "a", "b", "c", "d", "e" };
  WherryOutbox *outboxes[WHERRY_N_POLICIES];
  WherryOutboxLimits limits = outbox_limits;
  g_autoptr (GPtrArray) stats = NULL;

  limits.messages_high = 3;
  limits.messages_low = 1;
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    {
      outboxes[i] = wherry_outbox_new_labeled (self->set, labels[i], (WherryPolicy) i, &limits);
      for (guint32 n = 0; n < 5; n++)
        outbox_push (self, outboxes[i], n, TRUE);
    }
  wherry_virtual_clock_advance (self->clock, 1500);

  stats = wherry_outbox_set_get_stats (self->set);
  g_assert_cmpuint (stats->len, ==, WHERRY_N_POLICIES);
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    {
      static const guint64 dropped[WHERRY_N_POLICIES] = { 0, 2, 2, 4, 1 };
      const WherryOutboxStats *each = at (stats, i);

      g_assert_cmpstr (each->label, ==, labels[i]);
      g_assert_true (each->is_open);
      g_assert_cmpint (each->policy, ==, i);
      g_assert_cmpuint (each->n_messages, ==, wherry_outbox_get_length (outboxes[i]));
      g_assert_cmpuint (each->bytes, ==, wherry_outbox_get_bytes (outboxes[i]));
      for (guint policy = 0; policy < WHERRY_N_POLICIES; policy++)
        g_assert_cmpuint (each->counts.dropped[policy], ==, policy == i ? dropped[i] : 0);
      g_assert_cmpuint (each->counts.pauses, ==, i == WHERRY_POLICY_BLOCK ? 1 : 0);
      g_assert_cmpint (each->counts.paused_us, ==, i == WHERRY_POLICY_BLOCK ? 1500 : 0);
    }
  for (guint i = 0; i < WHERRY_N_POLICIES; i++)
    wherry_outbox_unref (outboxes[i]);
}

/* Another channel with that label goes on counting where the last one ended; so does another
 * connection. */
static void
test_outlives (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (WherryOutboxSet) next
      = wherry_outbox_set_new (7, MEMBER, self->clock, self->waker, NULL);
  g_autoptr (GPtrArray) stats = NULL;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (WherryOutbox) quiet
          = wherry_outbox_new_labeled (self->set, "quiet", WHERRY_POLICY_BLOCK, &outbox_limits);
      g_autoptr (WherryOutbox) a
          = wherry_outbox_new_labeled (self->set, "t", WHERRY_POLICY_LATEST, &outbox_limits);

      outbox_push (self, a, 1, TRUE);
      outbox_push (self, a, 2, TRUE);
      wherry_outbox_close (a);
      wherry_outbox_close (quiet);
    }
  stats = wherry_outbox_set_get_stats (self->set);
  g_assert_cmpuint (stats->len, ==, 1);
  g_assert_cmpstr (at (stats, 0)->label, ==, "t");
  g_assert_false (at (stats, 0)->is_open);
  g_assert_cmpuint (at (stats, 0)->n_messages, ==, 0);
  g_assert_cmpuint (at (stats, 0)->counts.dropped[WHERRY_POLICY_LATEST], ==, 3);
  g_clear_pointer (&stats, g_ptr_array_unref);

  wherry_outbox_set_adopt_counts (next, self->set);
  stats = wherry_outbox_set_get_stats (next);
  g_assert_cmpuint (stats->len, ==, 1);
  g_assert_cmpuint (at (stats, 0)->counts.dropped[WHERRY_POLICY_LATEST], ==, 3);
}

/* A member that never repeats a label is not remembered without bound. */
static void
test_bounded (OutboxFixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) stats = NULL;
  guint64 sum = 0;

  for (guint i = 0; i < WHERRY_OUTBOX_LABELS_MAX + 10; i++)
    {
      g_autofree char *label = g_strdup_printf ("%05u", i);
      g_autoptr (WherryOutbox) a
          = wherry_outbox_new_labeled (self->set, label, WHERRY_POLICY_LATEST, &outbox_limits);

      outbox_push (self, a, 1, TRUE);
      outbox_push (self, a, 2, TRUE);
      wherry_outbox_close (a);
    }
  stats = wherry_outbox_set_get_stats (self->set);
  g_assert_cmpuint (stats->len, ==, WHERRY_OUTBOX_LABELS_MAX + 1);
  g_assert_null (at (stats, 0)->label); /* the rest, together */
  g_assert_cmpuint (at (stats, 0)->counts.dropped[WHERRY_POLICY_LATEST], ==, 10);
  for (guint i = 0; i < stats->len; i++)
    sum += at (stats, i)->counts.dropped[WHERRY_POLICY_LATEST];
  g_assert_cmpuint (sum, ==, WHERRY_OUTBOX_LABELS_MAX + 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add ("/relay/outbox-stats/" path, OutboxFixture, NULL, outbox_fixture_set_up, func,       \
              outbox_fixture_tear_down)
  ADD ("by-label", test_by_label);
  ADD ("outlives", test_outlives);
  ADD ("bounded", test_bounded);
  return g_test_run ();
}
