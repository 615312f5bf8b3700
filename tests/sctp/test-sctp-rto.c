/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "fixtures/wherry-wait.h"

#include "sctp/sctp-pair.h"

#define NOTED 5u
#define TALK_US (3 * G_USEC_PER_SEC / 2)

typedef struct
{
  Pair pair;
  gint64 at[NOTED]; /* when a sent what; nothing arrives any more */
  guint n;
} Path;

static gboolean
lose (const guint8 *data, gsize length, gpointer user_data)
{
  return FALSE;
}

static gboolean
note (const guint8 *data, gsize length, gpointer user_data)
{
  Path *self = user_data;

  if (self->n < NOTED)
    self->at[self->n++] = g_get_monotonic_time ();
  return FALSE;
}

static void
path_init (Path *self, gint64 delay_us)
{
  WherryFakeLinkOptions options = { .delay_us = delay_us };

  *self = (Path){ 0 };
  pair_init (&self->pair, &options, NULL);
  pair_wait_connected (&self->pair);
}

/* Messages one after the other, so that the round trip is measured. */
static void
talk (Path *self)
{
  gint64 end = g_get_monotonic_time () + TALK_US;

  for (guint i = 1; g_get_monotonic_time () < end; i++)
    {
      send_made (&self->pair, &self->pair.a, 0, &send_reliable, WHERRY_MESSAGE_BINARY, 10, i);
      WHERRY_WAIT_UNTIL (self->pair.context, self->pair.b.n_received == i);
    }
}

static void
cut (Path *self)
{
  wherry_fake_link_set_filter (self->pair.a.link, note, self);
  wherry_fake_link_set_filter (self->pair.b.link, lose, NULL);
  send_made (&self->pair, &self->pair.a, 0, &send_reliable, WHERRY_MESSAGE_BINARY, 10, 0);
}

/* Asserts how long it waits in the end, in ms. */
static void
assert_longest (gint64 delay_us, int low, int high)
{
  Path path;

  path_init (&path, delay_us);
  talk (&path);
  cut (&path);
  WHERRY_WAIT_UNTIL (path.pair.context, path.n == NOTED);
  for (guint i = 1; i < NOTED; i++)
    g_test_message ("%d ms", (int) (path.at[i] - path.at[i - 1]) / 1000);
  g_assert_cmpint (path.at[NOTED - 1] - path.at[NOTED - 2], >, low * 1000);
  g_assert_cmpint (path.at[NOTED - 1] - path.at[NOTED - 2], <, high * 1000);
  pair_clear (&path.pair);
}

/* While nothing passes, what waits is tried at least every second where the round trip is short. */
static void
test_near (void)
{
  assert_longest (10 * 1000, 900, 1500);
}

/* Where it might be that long, every two seconds. */
static void
test_far (void)
{
  assert_longest (300 * 1000, 1900, 3000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/rto/near", test_near);
  if (g_test_slow ())
    g_test_add_func ("/sctp/rto/far", test_far);
  return run_and_shut_down ();
}
