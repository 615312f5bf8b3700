/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "sctp-hostile.h"
#include "sctp/wherry-sctp-association-private.h"

/* Messages cut into pieces of a byte, which cost usrsctp 300 times what the window sees. */

#define I_DATA 64u
#define DATA 0u

static void
set_up (Pair *pair, Hostile *hostile, guint8 type)
{
  const WherrySctpConfig config = { .no_interleaving = type == DATA };

  hostile_start (pair, hostile, &config);
  pair->b.keep = FALSE;
}

static guint
get_scraps (Pair *pair)
{
  return WHERRY_SCTP_ASSOCIATION (pair->b.transport)->scraps.n;
}

/* One message that does not end; or many whole ones, all behind one of which the last piece does
 * not come; or that nobody reads. */
typedef enum
{
  UNFINISHED,
  BEHIND,
  PAUSED,
} Way;

static void
check_ends (guint8 type, Way way)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SCTP_SCRAPS);
  guint n = 0;
  Hostile hostile;
  Pair pair;

  set_up (&pair, &hostile, type);
  wherry_stream_transport_set_paused (pair.b.transport, way == PAUSED);
  if (way == BEHIND)
    hostile_inject (&pair, &hostile, type, 2, 1, 0, 0, 1000);
  for (guint mid = way == BEHIND ? 1 : 0; pair.b.state == WHERRY_TRANSPORT_CONNECTED; mid++)
    for (guint k = 0; k < 100 && pair.b.state == WHERRY_TRANSPORT_CONNECTED; k++, n++)
      {
        gboolean begins = way == UNFINISHED ? n == 0 : k == 0;
        gboolean ends = way != UNFINISHED && k == 99;

        g_assert_cmpuint (n, <=, 2 * WHERRY_SCTP_SCRAPS_MAX);
        hostile_inject (&pair, &hostile, type, (guint8) ((begins ? 2 : 0) | (ends ? 1 : 0)), 1,
                        way == UNFINISHED ? 0 : mid, way == UNFINISHED ? n : k, 1);
      }
  g_assert_cmpint (pair.b.state, ==, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.b.error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SCTP_SCRAPS) - before, ==, 1);
  pair_clear (&pair);
}

static void
test_ends (void)
{
  for (Way way = UNFINISHED; way <= PAUSED; way++)
    {
      check_ends (DATA, way);
      check_ends (I_DATA, way);
    }
}

/* Twice as many of them, but each message comes to its end and is read. */
static void
check_read (guint8 type)
{
  const guint n = 2 * WHERRY_SCTP_SCRAPS_MAX / 8;
  Hostile hostile;
  Pair pair;

  set_up (&pair, &hostile, type);
  /* without it the window is so large that nothing can be held */
  for (guint k = 0; k < 10; k++)
    hostile_inject (&pair, &hostile, type, k == 0 ? 2 : 0, 2, 0, k, 1000);
  for (guint mid = 0; mid < n; mid++)
    {
      for (guint k = 0; k < 9; k++)
        hostile_inject (&pair, &hostile, type, k == 0 ? 2 : k == 8 ? 1 : 0, 1, mid, k, 1);
      g_assert_cmpuint (get_scraps (&pair), ==, 0);
    }
  g_assert_cmpuint (pair.b.n_received, ==, n);
  g_assert_cmpuint (pair.b.bytes_received, ==, 9 * n);
  pair_clear (&pair);
}

static void
test_read (void)
{
  check_read (DATA);
  check_read (I_DATA);
}

/* Or is given up; the numbers wrap. */
static void
test_skip (void)
{
  WherrySctpScraps scraps = { 0 };

  for (guint16 i = 0; i < 4; i++)
    {
      wherry_sctp_scraps_add (&scraps, 1, (guint16) (0xfffe + i));
      wherry_sctp_scraps_add (&scraps, 2, i);
    }
  wherry_sctp_scraps_note_skip (&scraps, 1, 0);
  g_assert_cmpuint (scraps.n, ==, 8);
  wherry_sctp_scraps_apply_skips (&scraps);
  g_assert_cmpuint (scraps.n, ==, 5);
  wherry_sctp_scraps_read (&scraps, 1, 0);
  g_assert_cmpuint (scraps.n, ==, 5);
  wherry_sctp_scraps_read (&scraps, 1, 1);
  g_assert_cmpuint (scraps.n, ==, 4);
  wherry_sctp_scraps_drop_stream (&scraps, 2);
  g_assert_cmpuint (scraps.n, ==, 0);
  wherry_sctp_scraps_clear (&scraps);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/scraps/ends", test_ends);
  g_test_add_func ("/sctp/scraps/read", test_read);
  g_test_add_func ("/sctp/scraps/skip", test_skip);
  return run_and_shut_down ();
}
