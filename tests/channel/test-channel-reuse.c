/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "channel/channel-pair.h"
#include "fixtures/wherry-wait.h"
#include "wire/wherry-dcep.h"

/* A stream that the other side uses again as soon as it has our reset: its OPEN may come before its
 * answer to that reset. In the fake, an end that is stalled answers nothing and sends all the same.
 */

#define STREAM 7

static guint n_resets;

static void
on_reset (gpointer user_data, guint16 stream)
{
  n_resets += stream == STREAM;
}

static const WherryStreamTransportEvents counts_resets = { .incoming_reset = on_reset };

static void
set_up (Fixture *f)
{
  n_resets = 0;
  fixture_init (f, NULL);
  wherry_channel_set_attach (f->a.set, WHERRY_STREAM_TRANSPORT (f->a.stream), TRUE);
  wherry_stream_transport_set_events (WHERRY_STREAM_TRANSPORT (f->b.stream), &counts_resets, NULL);
  settle ();
  g_string_truncate (f->a.log, 0);
}

static void
speak (Fixture *f, gsize length)
{
  g_autofree guint8 *data = g_malloc0 (length);

  send_raw (f->b.stream, STREAM, WHERRY_MESSAGE_BINARY, data, length);
}

static void
reset (Fixture *f)
{
  wherry_stream_transport_reset_stream (WHERRY_STREAM_TRANSPORT (f->b.stream), STREAM);
}

static void
answer (Fixture *f, gboolean answers)
{
  wherry_fake_stream_set_stalled (f->b.stream, !answers);
  settle ();
}

/* A channel that they opened and closed, and our answer not confirmed. */
static void
come_and_go (Fixture *f)
{
  send_raw_open (f->b.stream, STREAM);
  settle ();
  answer (f, FALSE);
  reset (f);
  settle ();
  g_assert_cmpstr (f->a.log->str, ==, "incoming:raw open:raw:7 ");
  g_assert_cmpint (wherry_channel_get_state (f->a.last_incoming), ==, WHERRY_CHANNEL_CLOSING);
  g_string_truncate (f->a.log, 0);
}

static void
assert_gone (Fixture *f)
{
  g_assert_null (wherry_channel_set_lookup (f->a.set, STREAM));
  g_assert_cmpuint (wherry_channel_set_get_n_channels (f->a.set), ==, 0);
}

static void
test_waits (void)
{
  Fixture f;
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_DCEP_BAD);

  set_up (&f);
  come_and_go (&f);
  send_raw_open (f.b.stream, STREAM);
  speak (&f, 10);
  speak (&f, 20);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  answer (&f, TRUE);
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw incoming:raw open:raw:7 message:raw message:raw ");
  g_assert_cmpuint (f.a.last_length, ==, 20);
  g_assert_cmpuint (n_resets, ==, 1);
  reset (&f);
  settle ();
  g_assert_cmpuint (n_resets, ==, 2);
  assert_gone (&f);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DCEP_BAD), ==, bad);
  fixture_clear (&f);
}

/* Channels that come and go while we wait: each of their resets is answered by one of ours. */
static void
test_several (void)
{
  Fixture f;

  set_up (&f);
  come_and_go (&f);
  for (guint i = 0; i < 3; i++)
    {
      send_raw_open (f.b.stream, STREAM);
      speak (&f, 10);
      reset (&f);
    }
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  answer (&f, TRUE);
  g_assert_cmpuint (f.a.n_messages, ==, 3);
  g_assert_cmpuint (n_resets, ==, 4);
  g_assert_cmpstr (f.a.log->str, ==,
                   "closed:raw incoming:raw open:raw:7 message:raw "
                   "closed:raw incoming:raw open:raw:7 message:raw "
                   "closed:raw incoming:raw open:raw:7 message:raw closed:raw ");
  assert_gone (&f);
  fixture_clear (&f);
}

/* They had our reset, but never sent theirs: the OPEN says that it is over. */
static void
test_never_reset (void)
{
  Fixture f;

  set_up (&f);
  send_raw_open (f.b.stream, STREAM);
  settle ();
  wherry_channel_close (f.a.last_incoming);
  settle ();
  g_assert_cmpuint (f.a.n_flushed, ==, 1);
  g_string_truncate (f.a.log, 0);
  send_raw_open (f.b.stream, STREAM);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw incoming:raw open:raw:7 ");
  fixture_clear (&f);
}

/* Data on a stream that nobody opened is refused; the OPEN behind it is not. */
static void
test_refused_stream (void)
{
  Fixture f;

  set_up (&f);
  answer (&f, FALSE);
  speak (&f, 1);
  send_raw_open (f.b.stream, STREAM);
  speak (&f, 2);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  answer (&f, TRUE);
  g_assert_cmpstr (f.a.log->str, ==, "incoming:raw open:raw:7 message:raw ");
  g_assert_cmpuint (f.a.last_length, ==, 2);
  fixture_clear (&f);
}

/* One that waited and is then refused is reset like any other, and can be followed by a good one.
 */
static void
test_refused_late (void)
{
  static const guint8 truncated[] = { 3, 0 };
  Fixture f;
  guint64 bad = wherry_counter_get (WHERRY_COUNTER_DCEP_BAD);

  set_up (&f);
  come_and_go (&f);
  send_raw (f.b.stream, STREAM, WHERRY_MESSAGE_CONTROL, truncated, sizeof truncated);
  send_raw_open (f.b.stream, STREAM);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "");
  answer (&f, TRUE);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_DCEP_BAD) - bad, ==, 1);
  g_assert_cmpuint (n_resets, ==, 2);
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw incoming:raw open:raw:7 ");
  fixture_clear (&f);
}

static void
test_limit (void)
{
  Fixture f;
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED);

  set_up (&f);
  come_and_go (&f);
  send_raw_open (f.b.stream, STREAM);
  for (gsize sent = 0; sent < 2 * WHERRY_CHANNEL_HELD_MAX; sent += 64 * WHERRY_KIB)
    {
      speak (&f, 64 * WHERRY_KIB);
      settle ();
    }
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_CHANNELS_REFUSED) - refused, ==, 1);
  g_assert_cmpstr (f.a.log->str, ==, "");
  answer (&f, TRUE);
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw ");
  g_assert_cmpuint (f.a.n_messages, ==, 0);
  /* so they know, and may try again */
  g_assert_cmpuint (n_resets, ==, 2);
  reset (&f);
  settle ();
  assert_gone (&f);
  send_raw_open (f.b.stream, STREAM);
  settle ();
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw incoming:raw open:raw:7 ");
  fixture_clear (&f);
}

/* What is held goes with the association; fixture_clear() sees that nothing is left. */
static void
test_end (void)
{
  g_autoptr (WherryBudget) budget = wherry_budget_new (WHERRY_MIB);
  WherrySendOptions options = { .ordered = TRUE };
  WherryMessage *message;
  Fixture f;

  set_up (&f);
  come_and_go (&f);
  send_raw_open (f.b.stream, STREAM);
  message = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "x", 1, budget);
  wherry_stream_transport_send (WHERRY_STREAM_TRANSPORT (f.b.stream), STREAM, &options, message);
  wherry_message_unref (message);
  settle ();
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 1 + WHERRY_MESSAGE_OVERHEAD);
  wherry_channel_set_close (f.a.set);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
  g_assert_cmpstr (f.a.log->str, ==, "closed:raw ");
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/reuse/waits-for-our-reset", test_waits);
  g_test_add_func ("/channel/reuse/several-while-we-wait", test_several);
  g_test_add_func ("/channel/reuse/without-their-reset", test_never_reset);
  g_test_add_func ("/channel/reuse/refused-stream", test_refused_stream);
  g_test_add_func ("/channel/reuse/refused-late", test_refused_late);
  g_test_add_func ("/channel/reuse/limit", test_limit);
  g_test_add_func ("/channel/reuse/end", test_end);
  return g_test_run ();
}
